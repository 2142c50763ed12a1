import { type ErrorDetails, isJsonObject, NnMeterError, quote } from '@nnmeter/ir';
import type { NnMeterIr } from './format.ts';
import { validate } from './generated/validate.ts';

/** The part of an ajv error that messages are made of. */
interface Violation {
  readonly instancePath: string;
  readonly message?: string;
}

/** Parses JSON where needed and checks it against the schema. */
export function parseNnMeterIr(json: unknown): NnMeterIr {
  const value = typeof json === 'string' || json instanceof Uint8Array ? parseJson(json) : json;
  if (isJsonObject(value) && isJsonObject(value.graph) && value.graph.attr === undefined) {
    throw invalid('it is a line of a measurement dataset', {
      hint: 'pass the value of its key "graph"',
    });
  }
  if (!validate(value)) throw violated((validate as { errors?: readonly Violation[] }).errors?.[0]);
  return value as NnMeterIr;
}

function invalid(what: string, details?: ErrorDetails): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `not nn-Meter IR: ${what}`, details);
}

function parseJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`no valid JSON (${reason.slice(0, 200)})`, { cause: error });
  }
}

/** From the JSON pointer `/conv1/attr/input_shape/0` to words: node "conv1": attr.input_shape[0] must be array. */
function violated(violation: Violation | undefined): NnMeterError {
  const [, node, ...path] = (violation?.instancePath ?? '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const message = violation?.message ?? 'does not match the schema';
  if (node === undefined) {
    return message.startsWith('must NOT have fewer')
      ? invalid('it has no nodes')
      : invalid(`${message}; expected node name -> node`);
  }
  const field = path
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
  const what = `node ${quote(node)}: ${field === '' ? '' : `${field} `}${message}`;
  return invalid(what, { where: { node } });
}
