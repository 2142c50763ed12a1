import { NnMeterError, quote } from '@nnmeter/ir';
import { readAnswer } from './answers.ts';
import {
  type Evaluation,
  type EvaluationLimits,
  type EvaluationRequest,
  type Evaluator,
  withRetries,
} from './evaluator.ts';

/** More than any answer has, in characters. */
const MAX_ANSWER = 1 << 20;

/**
 * An evaluator behind a URL: every request is one POST of the JSON of a line, answered by the JSON of a line.
 * @throws NnMeterError E_INVALID_INPUT if it is no URL of HTTP
 */
export function httpEvaluator(
  url: string,
  options: EvaluationLimits & { readonly parallel: number },
): Evaluator {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new NnMeterError('E_INVALID_INPUT', `${quote(url)} is no URL of an evaluator`, {
      hint: 'give one as in http://127.0.0.1:8000/',
    });
  }
  const name = `the evaluator at ${url}`;
  return {
    name,
    parallel: options.parallel,
    evaluate: (request, signal) =>
      withRetries(options, signal, () => ask(url, name, request, options.timeoutMs, signal)),
    async close() {},
  };
}

async function ask(
  url: string,
  name: string,
  request: EvaluationRequest,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const limit = AbortSignal.timeout(timeoutMs);
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    text = await response.text();
    if (!response.ok) return { failed: `${name} answered with status ${response.status}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) return { failed: `it took more than ${timeoutMs / 1000} s` };
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return { failed: `${name} cannot be reached: ${why}` };
  }
  if (text.length > MAX_ANSWER)
    throw new NnMeterError('E_EVALUATOR', `${name} answers with more than ${MAX_ANSWER >> 20} MiB`);
  const answer = readAnswer(text, name);
  if (answer.id !== request.id) {
    throw new NnMeterError(
      'E_EVALUATOR',
      `${name} was asked for candidate ${request.id} and answered for ${answer.id}`,
    );
  }
  return answer.evaluation;
}
