import { type Dispatch, useState } from 'preact/hooks';
import type { DownloadKind } from '../protocol.ts';
import { commandLines } from './command-line.ts';
import { save } from './save.ts';
import { type Action, failuresOf, type State } from './state.ts';
import { failureOf } from './use-worker.ts';
import type { WorkerClient } from './worker-client.ts';

const OF_ALL: readonly (readonly [DownloadKind, string, string])[] = [
  ['html', 'Report (HTML)', 'report.html'],
  ['json', 'JSON', 'report.json'],
  ['csv', 'Kernels (CSV)', 'kernels.csv'],
];

const OF_EACH: readonly (readonly [DownloadKind, string, string])[] = [
  ['ir', 'IR (JSON)', '_ir.json'],
  ['onnx', 'ONNX without weights', '.onnx'],
];

/** What the page shows, to be taken along: files, a link, command lines. */
export function Downloads(props: {
  readonly state: State;
  readonly client: WorkerClient;
  readonly dispatch: Dispatch<Action>;
}) {
  const { state, client, dispatch } = props;
  const [making, setMaking] = useState(false);
  const commands = commandLines(state).join('\n');
  const models = state.models.filter(({ read }) => read !== undefined);
  const download = async (
    kind: DownloadKind,
    file: string,
    chosen: State['models'],
  ): Promise<void> => {
    setMaking(true);
    try {
      const named = chosen.map(({ id, name }) => ({ model: id, name }));
      const { devices } = state;
      const failures = failuresOf(state);
      const blob = await client.ask('download', { kind, models: named, devices, failures });
      if (blob !== undefined) save(blob, file);
    } catch (error) {
      dispatch({ kind: 'problem', problem: failureOf(error).message });
    } finally {
      setMaking(false);
    }
  };
  return (
    <section>
      <h2>Take it along</h2>
      <p class="ways">
        {OF_ALL.map(([kind, title, file]) => (
          <button
            key={kind}
            type="button"
            disabled={making}
            onClick={() => void download(kind, file, models)}
          >
            {title}
          </button>
        ))}
        <CopyButton title="Copy a link to these options" text={() => location.href} />
      </p>
      {models.map((model) => (
        <p key={model.id} class="ways">
          <span class="name">{model.name}</span>
          {OF_EACH.map(([kind, title, ending]) => (
            <button
              key={kind}
              type="button"
              disabled={making}
              onClick={() => void download(kind, `${stem(model.name)}${ending}`, [model])}
            >
              {title}
            </button>
          ))}
        </p>
      ))}
      <p>
        <label for="command">The same on the command line</label>
      </p>
      <p class="ways">
        <textarea
          id="command"
          readOnly
          rows={Math.min(4, commands.split('\n').length)}
          value={commands}
        />
        <CopyButton title="Copy" text={() => commands} />
      </p>
    </section>
  );
}

function CopyButton({ title, text }: { readonly title: string; readonly text: () => string }) {
  const [told, setTold] = useState('');
  return (
    <span>
      <button
        type="button"
        onClick={() => {
          // Without a secure connection there is no clipboard.
          const copied = navigator.clipboard?.writeText(text()) ?? Promise.reject();
          copied.then(
            () => setTold('copied'),
            () => setTold(`cannot be copied here: ${text()}`),
          );
        }}
      >
        {title}
      </button>{' '}
      <span role="status" class="soft">
        {told}
      </span>
    </span>
  );
}

/** A file's name without what says its format. */
function stem(name: string): string {
  return name.replace(/\.\w+$/, '');
}
