import { expect, test } from '@jest/globals';
import { createPredictor } from '@nnmeter/predictor';
import adreno630 from '@nnmeter/predictor-adreno630';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';

const SIDES = Array.from({ length: 32 }, (_, step) => 32 * (step + 1));
const BATCHES = [1, 2, 3, 4, 8, 16, 32];
const NETWORKS = ['resnet18', 'mobilenet_v3_small', 'squeezenet1_1', 'resnext50_32x4d'];

/** A bigger input may be as fast, not faster by more than this: what trees learned of one size is not all true of the next. */
const TOLERANCE = 0.02;

test.each([cortexA76, adreno640, adreno630].map((definition) => [definition.name, definition]))(
  '%s: no network gets faster as images or batches grow',
  (_, definition) => {
    const predictor = createPredictor(definition as typeof cortexA76);
    for (const name of NETWORKS) {
      const bySide = SIDES.map((side) => [1, 3, side, side]);
      const byBatch = BATCHES.map((batch) => [batch, 3, 96, 160]);
      for (const shapes of [bySide, byBatch]) {
        let mostMs = 0;
        for (const inputShape of shapes) {
          const ms = predictor.totalMs(buildModel(name, { inputShape }));
          expect({ name, inputShape, falls: ms < (1 - TOLERANCE) * mostMs }).toEqual({
            name,
            inputShape,
            falls: false,
          });
          mostMs = Math.max(mostMs, ms);
        }
      }
    }
  },
);
