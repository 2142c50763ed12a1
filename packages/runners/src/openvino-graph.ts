import { NnMeterError } from '@nnmeter/ir';
import sax from 'sax';
import type { NamedLayer } from './named-layers.ts';

interface Layer {
  readonly name: string;
  readonly type: string;
  ms: number;
  /** Names in the model that was given. */
  originals: readonly string[];
}

/** Changes of layout that OpenVINO puts between layers. */
const REORDER = 'Reorder';

/** Have no cost of their own. */
const PLACES = new Set(['Input', 'Output', 'Const', 'Parameter', 'Result', 'Constant']);

/**
 * The layers of an execution graph of OpenVINO (`benchmark_app -pc -exec_graph_path`) with the average of their times;
 * a reorder covers what the layer behind it does.
 * @throws NnMeterError E_RUNNER if it is none
 */
export function parseOpenVinoGraph(text: string): readonly NamedLayer[] {
  const layers = new Map<string, Layer>();
  const readers = new Map<string, string>();
  let current: Layer | undefined;
  // Strict; it resolves no entities but those of XML itself.
  const parser = sax.parser(true);
  parser.onerror = (error) => {
    throw new NnMeterError('E_RUNNER', `it is no execution graph of OpenVINO: ${firstLine(error)}`);
  };
  parser.onopentag = ({ name, attributes }) => {
    const attribute = (key: string) => String(attributes[key] ?? '');
    if (name === 'layer') {
      current = { name: attribute('name'), type: attribute('type'), ms: 0, originals: [] };
      layers.set(attribute('id'), current);
    } else if (name === 'data' && current !== undefined) {
      const time = attribute('execTimeMcs');
      current.ms = time === 'not_executed' ? 0 : Number(time) / 1000;
      current.originals = attribute('originalLayersNames').split(',').filter(Boolean);
    } else if (name === 'edge' && !readers.has(attribute('from-layer'))) {
      readers.set(attribute('from-layer'), attribute('to-layer'));
    }
  };
  parser.write(text).close();
  return [...layers]
    .filter(([, { type }]) => !PLACES.has(type))
    .map(([id, { name, type, ms, originals }]) => {
      const isAdded = type === REORDER;
      const reader = isAdded ? layers.get(readers.get(id) ?? '') : undefined;
      const covers = originals.length > 0 ? originals : (reader?.originals ?? []);
      return { name, op: type, ms, covers, isAdded };
    });
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0]!;
}
