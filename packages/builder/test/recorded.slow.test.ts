import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { expect } from '@jest/globals';
import { type MeasuredModel, trainPlugin } from '@nnmeter/builder';
import { familyOf } from '@nnmeter/dataset';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { sharedPath } from '../../../tests/support/shared.ts';
import { testIf } from '../../../tests/support/test-if.ts';
import { KNOWN } from './support/build.ts';

const recorded = sharedPath('own-device/samples.jsonl.gz');

testIf(existsSync(recorded), `${recorded} absent`)(
  'recorded networks on ONNX Runtime',
  async () => {
    const models: MeasuredModel[] = [];
    const { onnxruntime: fused }: { onnxruntime: string[] } = JSON.parse(
      readFileSync(sharedPath('own-device/rules.json'), 'utf8'),
    );
    const lines = createInterface({ input: createReadStream(recorded).pipe(createGunzip()) });
    for await (const line of lines) {
      const { id, graph: json, epyc_onnxruntime130: ms } = JSON.parse(line);
      // torchvision's were measured last, on a machine that had become 16 % slower.
      if (id.startsWith('tv-')) continue;
      const graph = readNnMeterIr(json, { name: id });
      models.push({ id, family: familyOf(id), isKernel: false, graph: () => graph, ms });
    }
    const { accuracy, isCrossValidated, nearest } = trainPlugin({
      name: 'epyc_onnxruntime130',
      rules: { fuse: Object.fromEntries(fused.map((pair) => [`BF_${pair}`, true])) },
      models,
      known: KNOWN,
      terms: 'cpu',
    }).check;
    expect(isCrossValidated).toBe(false);
    expect(accuracy.count).toBe(56);
    expect(accuracy.within10).toBeGreaterThan(0.7);
    expect(accuracy.within10).toBeGreaterThanOrEqual(nearest!.accuracy.within10);
  },
);
