import { useState } from 'preact/hooks';

/** A number above 0, which counts once it is done with; what is none changes nothing. */
export function NumberField(props: {
  readonly id?: string;
  /** For who does not see what stands beside it. */
  readonly label?: string;
  readonly value: number;
  readonly isWhole: boolean;
  /** What its arrows stop at. */
  readonly least: number;
  readonly change: (value: number) => void;
}) {
  const { id, label, value, isWhole, least, change } = props;
  /** What is in the field until then. */
  const [typed, setTyped] = useState<string | undefined>();
  return (
    <input
      type="number"
      {...(id !== undefined && { id })}
      {...(label !== undefined && { 'aria-label': label })}
      min={least}
      step={isWhole ? 1 : 'any'}
      value={typed ?? value}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      onChange={({ currentTarget }) => {
        const given = currentTarget.valueAsNumber;
        if (given > 0 && (!isWhole || Number.isSafeInteger(given))) change(given);
        setTyped(undefined);
      }}
    />
  );
}
