/** What is compared: costs, the less the better in each place. */
export type Costs = readonly number[];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Costs, b: Costs): boolean {
  let isBetter = false;
  for (let at = 0; at < a.length; at++) {
    if (a[at]! > b[at]!) return false;
    if (a[at]! < b[at]!) isBetter = true;
  }
  return isBetter;
}

/**
 * Sorts items into Pareto fronts: the first is dominated by nothing, the second only by the first, and so on.
 * @param count fronts wanted at most
 */
export function paretoFronts<T>(
  items: readonly T[],
  costs: (item: T) => Costs,
  count = Number.POSITIVE_INFINITY,
): T[][] {
  // An item can be dominated only by what is before it in this order.
  const sorted = items
    .map((item) => ({ item, costs: costs(item) }))
    .sort((a, b) => compareCosts(a.costs, b.costs));
  const fronts: { item: T; costs: Costs }[][] = [];
  for (const entry of sorted) {
    const isBeaten = (front: (typeof fronts)[number]): boolean =>
      front.some((other) => dominates(other.costs, entry.costs));
    let low = 0;
    let high = fronts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBeaten(fronts[middle]!)) low = middle + 1;
      else high = middle;
    }
    if (low >= count) continue;
    if (fronts[low] === undefined) fronts.push([entry]);
    else fronts[low]!.push(entry);
  }
  return fronts.map((front) => front.map(({ item }) => item));
}

/** Lexicographic. */
function compareCosts(a: Costs, b: Costs): number {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return 0;
}

/** How far apart the neighbours of each item of a front are, summed over costs (Deb et al. 2002); infinite at the ends. */
export function crowdingDistances(front: readonly Costs[]): number[] {
  const distances = front.map(() => 0);
  const order = front.map((_, index) => index);
  for (let at = 0; at < (front[0]?.length ?? 0); at++) {
    order.sort((a, b) => front[a]![at]! - front[b]![at]!);
    const [first, last] = [order[0]!, order.at(-1)!];
    const range = front[last]![at]! - front[first]![at]!;
    distances[first] = Number.POSITIVE_INFINITY;
    distances[last] = Number.POSITIVE_INFINITY;
    if (!(range > 0)) continue;
    for (let place = 1; place < order.length - 1; place++) {
      const gap = front[order[place + 1]!]![at]! - front[order[place - 1]!]![at]!;
      distances[order[place]!]! += gap / range;
    }
  }
  return distances;
}

/**
 * The area that points of two costs dominate below a reference point; of points beyond it nothing counts.
 */
export function hypervolume(points: readonly Costs[], reference: Costs): number {
  const [front = []] = paretoFronts(points, (point) => point, 1);
  let area = 0;
  let ceiling = reference[1]!;
  for (const [x = 0, y = 0] of front) {
    if (x >= reference[0]! || y >= ceiling) continue;
    area += (reference[0]! - x) * (ceiling - y);
    ceiling = y;
  }
  return area;
}
