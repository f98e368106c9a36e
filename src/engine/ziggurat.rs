//! Ziggurat tables: exponential and normal draws from one random word in 98 of 100 cases.
//!
//! The area under a decreasing density is cut into 256 layers of equal area: 255 rectangles and a
//! base that carries the tail beyond `tail`. A draw picks a layer and a point across it; a point
//! left of the next layer's edge lies under the density for certain. The method is Marsaglia and
//! Tsang's (Journal of Statistical Software 5/8, 2000); the layer and the point take different bits
//! of the word, which avoids the correlation Doornik found in the original.

use std::sync::LazyLock;

/// Layers of each table.
pub(super) const LAYERS: usize = 256;

/// The layers of one density, widest first.
#[derive(Debug)]
pub(super) struct Table {
    /// Right edges: `edge[0]` is the width that gives the base its area, `edge[256]` is 0.
    pub(super) edge: [f64; LAYERS + 1],
    /// The density at each edge (unscaled: 1 at 0).
    pub(super) density: [f64; LAYERS + 1],
}

/// Both tables, computed once a process, with libm: the same bits everywhere.
#[derive(Debug)]
pub(super) struct Ziggurats {
    pub(super) exponential: Table,
    pub(super) normal: Table,
}

/// Where the exponential's tail begins.
pub(super) const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
/// Where the normal's tail begins.
pub(super) const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

pub(super) static ZIGGURATS: LazyLock<Ziggurats> =
    LazyLock::new(|| Ziggurats { exponential: exponential_table(), normal: normal_table() });

fn exponential_table() -> Table {
    let beyond = libm::exp(-EXPONENTIAL_TAIL);
    let area = EXPONENTIAL_TAIL * beyond + beyond;
    table(EXPONENTIAL_TAIL, area, |x| libm::exp(-x), |density| -libm::log(density))
}

fn normal_table() -> Table {
    let beyond = (std::f64::consts::PI / 2.0).sqrt() * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
    let area = NORMAL_TAIL * libm::exp(-0.5 * NORMAL_TAIL * NORMAL_TAIL) + beyond;
    table(NORMAL_TAIL, area, |x| libm::exp(-0.5 * x * x), |density| (-2.0 * libm::log(density)).sqrt())
}

/// Stacks layers of equal `area` on the base that ends at `tail`.
fn table(tail: f64, area: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Table {
    let mut edge = [0.0; LAYERS + 1];
    edge[0] = area / density(tail);
    edge[1] = tail;
    for layer in 2..LAYERS {
        let below = edge[layer - 1];
        edge[layer] = inverse(area / below + density(below));
    }
    Table { edge, density: edge.map(density) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_layers_have_the_same_area() {
        for (name, table) in [("exponential", &ZIGGURATS.exponential), ("normal", &ZIGGURATS.normal)] {
            let area = table.edge[0] * table.density[1];
            for layer in 1..LAYERS {
                let rectangle = table.edge[layer] * (table.density[layer + 1] - table.density[layer]);
                // The last layer closes at a density of exactly 1 only if the tail is right.
                assert!((rectangle / area - 1.0).abs() < 1e-10, "{name} {layer}: {rectangle} {area}");
            }
        }
    }
}
