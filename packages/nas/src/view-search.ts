import type { ViewedSearch } from '@nnmeter/report/views';
import type { SearchResult } from './results.ts';
import type { EvaluatedCandidate } from './search.ts';

/** Candidates beside the finalists that are drawn. */
const MOST_OTHERS = 5000;

/** A search for `searchPage` of `@nnmeter/report/views`: the first fronts, and what else was evaluated. */
export function viewSearch(
  result: SearchResult,
  candidates: readonly EvaluatedCandidate[],
): ViewedSearch {
  const { space, objectives, limits, evaluated, failed, finalists } = result;
  const chosen = new Set(finalists.map(({ id }) => id));
  const others = candidates.flatMap(({ id, values }) =>
    values === undefined || chosen.has(id) ? [] : [values],
  );
  const step = Math.max(1, Math.ceil(others.length / MOST_OTHERS));
  const [across = '', up = across] = objectives.map(({ name }) => name);
  const names = Object.keys(finalists[0]?.values ?? {});
  return {
    title: space,
    facts: [
      `${evaluated} candidates evaluated${failed > 0 ? `, ${failed} failed` : ''}`,
      objectives.map(({ name, goal }) => `${goal} ${name}`).join(', '),
      ...limits,
    ],
    axes: [across, up === across ? (names.find((name) => name !== across) ?? across) : up],
    finalists: finalists.map(({ id, front, values, sample }) => ({
      ...{ id, front, values },
      sample: JSON.stringify(sample),
    })),
    others: others.filter((_, index) => index % step === 0),
  };
}
