import { useState } from 'preact/hooks';

const EXAMPLE = 'mobilenet_v2';

/** Where models come in: files, folders, names. */
export function Intake(props: {
  /** Whether there is none yet. */
  readonly isFirst: boolean;
  readonly isReady: boolean;
  readonly addFiles: (files: Iterable<File>) => void;
  readonly addNetwork: (name: string) => void;
  readonly listNetworks: () => Promise<readonly string[]>;
}) {
  const { isFirst, isReady, addFiles, addNetwork, listNetworks } = props;
  const [networks, setNetworks] = useState<readonly string[]>([]);
  const [network, setNetwork] = useState('');
  return (
    <section class={isFirst ? 'intake first' : 'intake'} aria-label="Add a model">
      {isFirst ? (
        <p class="lead">Drop a model anywhere on this page</p>
      ) : (
        <p>Drop another model to compare, or a CSV of your own measurements to calibrate.</p>
      )}
      <div class="ways">
        <FileButton label="Choose files" isDisabled={!isReady} choose={addFiles} />
        <FileButton label="Choose a folder" isDisabled={!isReady} choose={addFiles} isFolder />
        <form
          class="network"
          onSubmit={(event) => {
            event.preventDefault();
            if (network.trim() === '') return;
            addNetwork(network.trim());
            setNetwork('');
          }}
        >
          <label for="network">or a torchvision network</label>
          <input
            id="network"
            list="networks"
            autocomplete="off"
            spellcheck={false}
            placeholder={EXAMPLE}
            value={network}
            disabled={!isReady}
            onInput={({ currentTarget }) => setNetwork(currentTarget.value)}
            onFocus={() => {
              if (networks.length === 0) listNetworks().then(setNetworks, () => {});
            }}
          />
          <datalist id="networks">
            {networks.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <button type="submit" disabled={!isReady}>
            Add
          </button>
        </form>
      </div>
      {isFirst && (
        <>
          <p class="soft">
            ONNX, TensorFlow (.pb, SavedModel folder or zip), TensorFlow Lite, PyTorch (.pt2),
            nn-Meter IR and NNI JSON. Files of gigabytes are fine: only the parts that matter are
            read, and nothing leaves this computer.
          </p>
          <p>
            <button type="button" disabled={!isReady} onClick={() => addNetwork(EXAMPLE)}>
              {`Try it with ${EXAMPLE}`}
            </button>
          </p>
        </>
      )}
    </section>
  );
}

function FileButton(props: {
  readonly label: string;
  readonly isFolder?: boolean;
  readonly isDisabled: boolean;
  readonly choose: (files: Iterable<File>) => void;
}) {
  const { label, isFolder = false, isDisabled, choose } = props;
  return (
    <label class="button">
      {label}
      <input
        type="file"
        class="hidden"
        multiple
        disabled={isDisabled}
        {...(isFolder && { webkitdirectory: true })}
        onChange={({ currentTarget }) => {
          choose([...(currentTarget.files ?? [])]);
          // The same file again is a change too.
          currentTarget.value = '';
        }}
      />
    </label>
  );
}
