import { NnMeterError, quote } from '@nnmeter/ir';
import type { SearchSpace } from '../space.ts';
import { autoformer } from './autoformer.ts';
import { fbnet } from './fbnet.ts';
import { mobilenetv3 } from './mobilenetv3.ts';
import { nasbench201 } from './nasbench201.ts';
import { ofaMbv3 } from './ofa-mbv3.ts';
import { proxylessnas } from './proxylessnas.ts';
import { resnet } from './resnet.ts';
import { spos, sposChannels } from './spos.ts';

/** The spaces that come with the package. */
export const spaces: readonly SearchSpace[] = [
  ...[spos, sposChannels, nasbench201, proxylessnas],
  ...[ofaMbv3, fbnet, mobilenetv3, resnet, autoformer],
];

/** A space by its name. @throws NnMeterError E_INVALID_INPUT with the names that there are */
export function spaceNamed(name: string): SearchSpace {
  const found = spaces.find((space) => space.name === name.toLowerCase());
  if (found !== undefined) return found;
  throw new NnMeterError('E_INVALID_INPUT', `there is no space ${quote(name)}`, {
    hint: `there are ${spaces.map((space) => space.name).join(', ')}; give your own by its file: ./my-space.js`,
  });
}
