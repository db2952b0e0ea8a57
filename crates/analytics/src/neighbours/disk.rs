//! Neighbours on the H3 grid: the grid disk of each cell, cut to the given cells.

use h3o::CellIndex;
use rayon::prelude::*;

use super::{LINK_LIMIT, Neighbours, NeighboursError, check_limit};

/// Cells handled as one piece of parallel work.
const CHUNK: usize = 4_096;

impl Neighbours {
    /// The grid disk of radius `k` around each cell, without the cell itself and limited to the given cells.
    ///
    /// `cells` are strictly ascending and of one resolution; unit i is `cells[i]`. A cell near a pentagon has fewer
    /// cells in its disk; that alone does not make it incomplete ([`Neighbours::complete`]).
    ///
    /// *Cost*: O(n·k²), parallel; 0.2–0.4 µs a cell at k = 1.
    ///
    /// # Errors
    /// Unsorted or repeated cells, cells of two resolutions, more links than fit.
    ///
    /// ```
    /// use naqsha_analytics::Neighbours;
    /// let centre = h3o::CellIndex::try_from(0x0884_24d0_41bf_ffff)?;
    /// let mut cells: Vec<_> = centre.grid_disk(1);
    /// cells.sort_unstable();
    /// let graph = Neighbours::from_grid_disk(&cells, 1)?;
    /// let at = cells.binary_search(&centre).expect("the centre is in its own disk");
    /// assert_eq!((graph.degree(at), graph.complete(at)), (6, true));
    /// assert_eq!((0..7).filter(|unit| graph.complete(*unit)).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_grid_disk(cells: &[CellIndex], k: u32) -> Result<Self, NeighboursError> {
        check_limit("units", cells.len(), u32::MAX as usize / 4)?;
        if let Some(at) = cells
            .iter()
            .position(|cell| cell.resolution() != cells[0].resolution())
        {
            return Err(NeighboursError::MixedResolutions(at));
        }
        if let Some(at) = cells.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(NeighboursError::UnsortedCells(at + 1));
        }
        // The whole disk has 3k(k+1) neighbours; no row can have more, nor more than the other cells.
        let disk = (k as usize)
            .saturating_mul(k as usize + 1)
            .saturating_mul(3)
            .min(cells.len());
        check_limit("links", disk.saturating_mul(cells.len()), LINK_LIMIT)?;
        let table = CellTable::new(cells);
        let pieces: Vec<Piece> = cells
            .par_chunks(CHUNK)
            .map(|piece| Piece::search(piece, k, &table))
            .collect();
        Ok(join(cells.len(), &pieces))
    }
}

fn join(units: usize, pieces: &[Piece]) -> Neighbours {
    let mut offsets = Vec::with_capacity(units + 1);
    offsets.push(0);
    let mut targets = Vec::with_capacity(pieces.iter().map(|piece| piece.targets.len()).sum());
    let mut truncated = Vec::with_capacity(units);
    for piece in pieces {
        let base = targets.len();
        offsets.extend(piece.ends.iter().map(|end| base + end));
        targets.extend_from_slice(&piece.targets);
        truncated.extend_from_slice(&piece.truncated);
    }
    Neighbours {
        offsets,
        targets,
        weights: None,
        truncated,
    }
}

/// The rows of some consecutive cells.
struct Piece {
    ends: Vec<usize>,
    targets: Vec<u32>,
    truncated: Vec<bool>,
}

impl Piece {
    fn search(cells: &[CellIndex], k: u32, table: &CellTable<'_>) -> Self {
        let mut piece = Self {
            ends: Vec::with_capacity(cells.len()),
            targets: Vec::with_capacity(cells.len() * 6),
            truncated: Vec::with_capacity(cells.len()),
        };
        for &cell in cells {
            let start = piece.targets.len();
            let mut absent = false;
            let mut visit = |neighbour: CellIndex| {
                if neighbour != cell {
                    match table.position(neighbour) {
                        Some(at) => piece.targets.push(at),
                        None => absent = true,
                    }
                }
            };
            // The fast walk gives up (None) when it meets a pentagon; the safe one then starts afresh.
            let fast: Option<Vec<CellIndex>> = if k == 1 {
                None
            } else {
                cell.grid_disk_fast(k).collect()
            };
            match (k, fast) {
                (_, Some(disk)) => disk.into_iter().for_each(&mut visit),
                (1, None) => first_ring(cell, &mut visit),
                _ => cell.grid_disk_safe(k).for_each(&mut visit),
            }
            piece.targets[start..].sort_unstable();
            piece.ends.push(piece.targets.len());
            piece.truncated.push(absent);
        }
        piece
    }
}

/// Visits the cells that touch `cell`, without allocating: the case of nearly every map.
fn first_ring(cell: CellIndex, visit: &mut impl FnMut(CellIndex)) {
    let mut ring = [cell; 7];
    let mut count = 0;
    for neighbour in cell.grid_disk_fast(1) {
        match neighbour {
            Some(neighbour) if count < ring.len() => {
                ring[count] = neighbour;
                count += 1;
            }
            _ => return cell.grid_disk_safe(1).for_each(visit),
        }
    }
    ring[..count].iter().copied().for_each(visit);
}

/// Positions of cells by open addressing: a lookup is one or two probes, where a binary search is twenty.
struct CellTable<'a> {
    cells: &'a [CellIndex],
    slots: Vec<u32>,
    shift: u32,
}

/// An empty slot; positions stay below it (checked by the unit limit).
const EMPTY: u32 = u32::MAX;

impl<'a> CellTable<'a> {
    fn new(cells: &'a [CellIndex]) -> Self {
        let size = (cells.len() * 2).next_power_of_two().max(2);
        let mut table = Self {
            cells,
            slots: vec![EMPTY; size],
            shift: 64 - size.trailing_zeros(),
        };
        for (position, cell) in (0_u32..).zip(cells) {
            let mut slot = table.slot(*cell);
            while table.slots[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            table.slots[slot] = position;
        }
        table
    }

    /// Fibonacci hashing: cells of one resolution share their low bits, the product mixes the high ones.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the shift leaves fewer bits than the table's size has"
    )]
    fn slot(&self, cell: CellIndex) -> usize {
        let mixed = (u64::from(cell) ^ (u64::from(cell) >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> self.shift) as usize
    }

    fn position(&self, cell: CellIndex) -> Option<u32> {
        let mut slot = self.slot(cell);
        loop {
            let position = self.slots[slot];
            if position == EMPTY {
                return None;
            }
            if self.cells[position as usize] == cell {
                return Some(position);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use h3o::Resolution;

    fn sorted(mut cells: Vec<CellIndex>) -> Vec<CellIndex> {
        cells.sort_unstable();
        cells
    }

    #[test]
    fn a_pentagon_has_five_neighbours_and_is_complete() {
        let pentagon = Resolution::Four.pentagons().next().unwrap();
        let cells = sorted(pentagon.grid_disk(2));
        let graph = Neighbours::from_grid_disk(&cells, 1).unwrap();
        let at = cells.binary_search(&pentagon).unwrap();
        assert_eq!((graph.degree(at), graph.complete(at)), (5, true));
        let beside = cells
            .iter()
            .position(|cell| cell.grid_distance(pentagon) == Ok(1))
            .unwrap();
        assert_eq!((graph.degree(beside), graph.complete(beside)), (6, true));
    }

    #[test]
    fn disks_agree_with_the_slow_definition_at_every_radius() {
        let centre = CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).unwrap();
        let mut cells = sorted(centre.grid_disk(9));
        let mut keep = 0_u32;
        cells.retain(|_| {
            keep += 1;
            !keep.is_multiple_of(5)
        });
        for k in 0..4 {
            let graph = Neighbours::from_grid_disk(&cells, k).unwrap();
            for (unit, cell) in cells.iter().enumerate() {
                let disk: Vec<CellIndex> = cell
                    .grid_disk_safe(k)
                    .filter(|other| other != cell)
                    .collect();
                let expected = sorted(
                    disk.iter()
                        .copied()
                        .filter(|c| cells.binary_search(c).is_ok())
                        .collect(),
                );
                let found: Vec<_> = graph
                    .of(unit)
                    .iter()
                    .map(|at| cells[*at as usize])
                    .collect();
                assert_eq!(found, expected);
                assert_eq!(graph.complete(unit), expected.len() == disk.len());
            }
        }
    }

    #[test]
    fn unsorted_and_mixed_cells_are_refused() {
        let cell = CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).unwrap();
        assert_eq!(
            Neighbours::from_grid_disk(&[cell, cell], 1),
            Err(NeighboursError::UnsortedCells(1))
        );
        let child = cell.center_child(Resolution::Nine).unwrap();
        assert_eq!(
            Neighbours::from_grid_disk(&[cell, child], 1),
            Err(NeighboursError::MixedResolutions(1))
        );
        assert!(Neighbours::from_grid_disk(&[], 1).unwrap().is_empty());
    }
}
