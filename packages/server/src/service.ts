import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { NnMeterError } from '@nnmeter/ir';
import { type LatencyPredictor, listLatencyPredictors, requireComplete } from '@nnmeter/predictor';
import { failureToJson, type ReportJson, reportToJson } from '@nnmeter/report';
import { type Answer, type Call, failed, success } from './call.ts';
import { explainKernel, type KernelExplanation } from './explain-kernel.ts';
import {
  type Method,
  type ModelParameters,
  type Parameters,
  parseParameters,
  requireMethod,
} from './parameters.ts';
import { parseJson } from './parse-json.ts';
import { Predictors } from './predictors.ts';
import { type NamedGraph, readModel } from './read-model.ts';
import { SampleScorer, type VersionedFile } from './score-samples.ts';

export interface ServiceOptions {
  /** What requests get that name no predictor. */
  readonly predictors: readonly LatencyPredictor[];
  /** The path to open for one that a request names; default: that one. */
  readonly resolvePath?: (path: string) => string;
  /** Opens a file of text: a latency table; default: there are no files. */
  readonly openText?: (path: string) => Promise<VersionedFile>;
}

/** Answers requests about models and devices; never throws. */
export interface Service {
  answer(call: Call): Promise<Answer>;
}

/** A service that computes in the calling thread. */
export function createService({
  predictors: chosen,
  resolvePath = (path) => path,
  openText = noFiles,
}: ServiceOptions): Service {
  const predictors = new Predictors(chosen);
  const scorer = new SampleScorer((path) => openText(resolvePath(path)));
  const read = (parameters: ModelParameters, bytes: Uint8Array | undefined): Promise<NamedGraph> =>
    readModel(parameters, bytes, resolvePath);

  async function predict(
    { predictors: names, version, strict, ...model }: Parameters<'predict'>,
    bytes: Uint8Array | undefined,
  ): Promise<ReportJson[]> {
    const { graph, ...named } = await read(model, bytes);
    const wanted =
      names === undefined && version === undefined
        ? predictors.chosen
        : await Promise.all(
            (names ?? predictors.chosen.map(({ name }) => name)).map((name) =>
              predictors.find(name, version),
            ),
          );
    return wanted.map((predictor) => {
      const report = predictor.predictGraph(graph);
      if (strict) requireComplete(report);
      return reportToJson(named.model, named.type, report);
    });
  }

  async function graph(
    parameters: Parameters<'graph'>,
    bytes: Uint8Array | undefined,
  ): Promise<object> {
    const { type, graph } = await read(parameters, bytes);
    return { type, graph: writeNnMeterIr(graph) };
  }

  async function explain(
    { predictor, version, node, kernel, ...model }: Parameters<'explain'>,
    bytes: Uint8Array | undefined,
  ): Promise<KernelExplanation> {
    const found = await predictors.find(predictor, version);
    return explainKernel(await read(model, bytes), found, { node, kernel });
  }

  async function batch({ requests }: Parameters<'batch'>): Promise<unknown[]> {
    const results: unknown[] = [];
    for (const { method, params } of requests) {
      try {
        if (method === 'batch') throw new NnMeterError('E_USAGE', 'batches hold no batches');
        results.push({ result: await resultOf(method, params, undefined) });
      } catch (error) {
        results.push({ error: failureToJson(error) });
      }
    }
    return results;
  }

  /** By method; those of the server as a whole are answered where it listens, see `dispatcher.ts`. */
  const handlers: {
    readonly [M in Exclude<Method, 'health' | 'schema'>]: (
      parameters: Parameters<M>,
      bytes: Uint8Array | undefined,
    ) => Promise<unknown>;
  } = {
    devices,
    predict,
    graph,
    explain,
    table: (parameters) => scorer.score(parameters),
    batch,
  };

  async function resultOf(
    name: string,
    given: unknown,
    bytes: Uint8Array | undefined,
  ): Promise<unknown> {
    const method = requireMethod(name);
    const parameters = parseParameters(method, given);
    const handler = (handlers as Partial<Record<Method, (...call: unknown[]) => Promise<unknown>>>)[
      method
    ];
    if (handler === undefined) throw new NnMeterError('E_USAGE', `${method} is no part of a batch`);
    return handler(parameters, bytes);
  }

  return {
    async answer({ method, json, params, bytes }) {
      try {
        const given = json === undefined ? params : parseJson(json);
        return success(await resultOf(method, given, bytes));
      } catch (error) {
        return failed(failureToJson(error));
      }
    },
  };
}

async function noFiles(): Promise<VersionedFile> {
  throw new NnMeterError('E_USAGE', 'there are no files here', { hint: 'send the table itself' });
}

/** The predictors that exist; what cannot be read of this machine's is left out. */
async function devices(): Promise<object[]> {
  const summaries = await listLatencyPredictors(() => {});
  return summaries.map(({ hint, ...summary }) =>
    hint === undefined ? summary : { ...summary, hint: hint.text },
  );
}
