//! How many connections there are from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections by address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among those of an address, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    /// A place, unless there are `most` from this address already.
    pub(crate) fn enter(&self, address: IpAddr, most: usize) -> Option<Place> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place {
            crowd: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let crowd = Crowd::default();
        let address: IpAddr = [192, 0, 2, 1].into();
        let first = crowd.enter(address, 2).unwrap();
        let _second = crowd.enter(address, 2).unwrap();
        assert!(crowd.enter(address, 2).is_none());
        assert!(crowd.enter([192, 0, 2, 2].into(), 2).is_some());
        drop(first);
        assert!(crowd.enter(address, 2).is_some());
        drop(crowd.enter(address, 2));
        assert_eq!(crowd.0.lock().unwrap().len(), 1);
    }
}
