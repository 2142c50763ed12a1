import { GraphBuilder } from '@nnmeter/ir';
import { createPredictor, type LatencyReport } from '@nnmeter/predictor';
import adreno630 from '@nnmeter/predictor-adreno630';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';
import { buildModel } from '@nnmeter/zoo';

const predictors = [cortexA76, adreno640, adreno630, myriad].map(createPredictor);

export const DEVICES = predictors.map(({ name }) => name);

/** What all devices say of a network of the zoo. */
export function reportsOn(model: string): LatencyReport[] {
  const graph = buildModel(model);
  return predictors.map((predictor) => predictor.predictGraph(graph));
}

/** What the first device says of a network whose nodes have names as long as exporters make them. */
export function reportWithLongNames(): LatencyReport {
  const builder = new GraphBuilder('long');
  const name = 'features/denseblock/'.repeat(8);
  let x = builder.input('image', [1, 3, 32, 32]);
  for (let layer = 0; layer < 3; layer++)
    x = builder.unary('erf', builder.conv(x, 8, { kernel: 3, name: `${name}conv${layer}` }));
  return predictors[0]!.predictGraph(builder.build(x));
}
