import { listLatencyPredictors, type PredictorDefinition } from '@nnmeter/predictor';

/** A published plugin. */
export interface Plugin {
  readonly package: string;
  readonly definition: PredictorDefinition;
}

/** All published plugins, in the order of lists. */
export const plugins: readonly Plugin[] = await Promise.all(
  (await listLatencyPredictors(undefined, 'full'))
    .map((summary) => summary.package)
    .filter((name) => name !== null)
    .map(async (name) => ({ package: name, definition: (await import(name)).default })),
);

const kindOf = ({ definition }: Plugin): string => definition.device.kind;

/** The first CPU, the first GPU and so on. */
export const oneOfEachKind: readonly PredictorDefinition[] = plugins
  .filter((plugin, index) => plugins.findIndex((each) => kindOf(each) === kindOf(plugin)) === index)
  .map(({ definition }) => definition);

export const cpu: Plugin = plugins.find((plugin) => kindOf(plugin) === 'cpu')!;
