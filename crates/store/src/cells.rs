//! Arithmetic on cell numbers: the parent of a cell, and a cell with a row offset in eight bytes.

use h3o::Resolution;

/// Most rows of a file: what the offset bits of an [`entry`] hold.
pub(crate) const MAX_ROWS: usize = 1 << OFFSET_BITS;

/// Digits 10 to 15 of a cell at resolution 9 or coarser are unused and all ones: 18 bits that carry a row offset.
pub(crate) const OFFSET_BITS: u32 = 18;
const OFFSET: u64 = (1 << OFFSET_BITS) - 1;

/// The parent at `resolution` of a cell at `resolution` or finer.
///
/// An [`entry`] may be given in place of its cell: a parent at resolution 9 or coarser has ones where the offset is.
pub(crate) fn parent(cell: u64, resolution: Resolution) -> u64 {
    let p = u64::from(u8::from(resolution));
    cell & !(0xF << 52) | p << 52 | ((1 << (3 * (15 - p))) - 1)
}

/// The resolution of a cell; `None` of zero, which stands for no cell.
pub(crate) fn resolution(cell: u64) -> Option<Resolution> {
    let resolution = || Resolution::try_from((cell >> 52 & 0xF) as u8).ok();
    (cell != 0).then(resolution).flatten()
}

/// A cell at resolution 9 or coarser, and the offset of its first row. Entries order as their cells do.
pub(crate) const fn entry(cell: u64, offset: u32) -> u64 {
    cell & !OFFSET | (offset as u64 & OFFSET)
}

/// The cell of an [`entry`].
pub(crate) const fn cell_of(entry: u64) -> u64 {
    entry | OFFSET
}

/// The offset of an [`entry`].
pub(crate) const fn offset_of(entry: u64) -> usize {
    (entry & OFFSET) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use h3o::CellIndex;

    fn all_parents_agree(cell: CellIndex) -> usize {
        let finest = u8::from(cell.resolution());
        let resolutions = (0..=finest).map(|r| Resolution::try_from(r).unwrap());
        resolutions
            .map(|r| {
                assert_eq!(
                    Some(parent(cell.into(), r)),
                    cell.parent(r).map(u64::from),
                    "{cell} at {r}"
                );
            })
            .count()
    }

    #[test]
    fn parents_are_those_of_h3_around_every_pentagon_and_across_the_globe() {
        let mut compared = 0;
        for resolution in (1..=15).map(|r| Resolution::try_from(r).unwrap()) {
            for pentagon in resolution.pentagons() {
                for cell in pentagon.grid_disk::<Vec<_>>(2) {
                    compared += all_parents_agree(cell);
                }
            }
        }
        for cell in CellIndex::base_cells().flat_map(|base| base.children(Resolution::Four)) {
            compared += all_parents_agree(cell);
        }
        assert!(compared > 1_000_000, "{compared}");
    }

    #[test]
    fn an_entry_holds_its_cell_and_any_offset() {
        for resolution in (0..=9).map(|r| Resolution::try_from(r).unwrap()) {
            for pentagon in resolution.pentagons() {
                for offset in [0, 1, 4_711, u32::try_from(MAX_ROWS).unwrap() - 1] {
                    let packed = entry(pentagon.into(), offset);
                    assert_eq!(
                        (cell_of(packed), offset_of(packed)),
                        (pentagon.into(), offset as usize)
                    );
                    let coarse = Resolution::Zero;
                    assert_eq!(
                        Some(parent(packed, coarse)),
                        pentagon.parent(coarse).map(u64::from)
                    );
                }
            }
        }
    }
}
