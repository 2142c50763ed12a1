import type { Model, State } from './state.ts';

/** The command lines that give the same as the page, one a model. */
export function commandLines({ models, devices, known, whatIf }: State): readonly string[] {
  const whole =
    known?.devices.filter((each) => each.status !== 'experimental' && each.package !== null) ?? [];
  const isDefault =
    whole.length === devices.length && whole.every(({ name }) => devices.includes(name));
  const predictors = isDefault ? [] : devices.flatMap((name) => ['--predictor', name]);
  const isChanged = Object.keys(whatIf).length > 0;
  const { channels } = whatIf;
  const width = channels === undefined ? [] : ['--sweep', `channels=${channels}`];
  return models.map((model) =>
    [
      ...['npx', '@nnmeter/cli', 'predict', ...predictors, ...width],
      ...[...shapes(model, isChanged), ...source(model)],
    ]
      .map(quoted)
      .join(' '),
  );
}

function shapes({ read, inputShapes }: Model, isChanged: boolean): readonly string[] {
  if (!isChanged && inputShapes === undefined) return [];
  return (read?.facts.inputs ?? []).flatMap(({ name, shape }) =>
    shape === undefined ? [] : ['--input-shape', `${name}=${shape.join(',')}`],
  );
}

function source({ name, origin }: Model): readonly string[] {
  if (origin.kind === 'network') return ['--torchvision', origin.name];
  return name.startsWith('-') ? ['--', name] : [name];
}

/** For the shells of Unix, and mostly for others. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
