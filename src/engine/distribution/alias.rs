//! Weighted choice in constant time: the alias method.

/// Items with weights, arranged so that one random word picks one.
///
/// Every cell is as likely as any other and holds at most two items, with a threshold between them
/// (Walker 1977, filled as by Vose 1991).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alias<T> {
    cells: Box<[Cell<T>]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell<T> {
    /// In units of 2^-64 of the cell.
    threshold: u64,
    own: T,
    other: T,
}

impl<T: Copy> Alias<T> {
    /// Arranges `items` of (item, weight). At least one item; weights above zero with the finite
    /// sum `total`.
    pub(super) fn new(items: &[(T, f64)], total: f64) -> Self {
        let mut cells: Box<[Cell<T>]> =
            items.iter().map(|&(item, _)| Cell { threshold: u64::MAX, own: item, other: item }).collect();
        let mut share: Vec<f64> =
            items.iter().map(|(_, weight)| weight / total * items.len() as f64).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..items.len()).partition(|&index| share[index] < 1.0);
        // What rounding leaves on either stack at the end fills its own cell.
        while let (Some(needy), Some(&giver)) = (small.pop(), large.last()) {
            cells[needy].threshold = (share[needy] * TWO_TO_64) as u64;
            cells[needy].other = items[giver].0;
            share[giver] -= 1.0 - share[needy];
            if share[giver] < 1.0 {
                large.pop();
                small.push(giver);
            }
        }
        Self { cells }
    }

    /// The item that the random `word` falls on.
    #[inline]
    pub(super) fn pick(&self, word: u64) -> T {
        // The high half of the product chooses the cell, the low half the place within it.
        let product = u128::from(word) * self.cells.len() as u128;
        let cell = &self.cells[(product >> 64) as usize];
        if (product as u64) < cell.threshold { cell.own } else { cell.other }
    }
}

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;
