import { closest, distance } from 'fastest-levenshtein';

/** What a misspelt name may mean: the candidate at the smallest edit distance without regard to case, if that is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.slice(0, 100).toLowerCase();
  const names = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const found = closest(wanted, [...names.keys()]);
  return distance(wanted, found) <= found.length / 3 ? names.get(found) : undefined;
}
