import { fail, inputOf, type Lower, type Operation } from '../operation.ts';
import { DEAD, type Value } from '../value.ts';

/** Control flow that a constant condition settles at import, and nodes that pass their input on. */
export const flowOps: Record<string, Lower> = {
  Identity: (o) => inputOf(o, 0),
  IdentityN: (o) => o.inputs,
  StopGradient: (o) => inputOf(o, 0),
  PreventGradient: (o) => inputOf(o, 0),
  CheckNumerics: (o) => inputOf(o, 0),
  Snapshot: (o) => inputOf(o, 0),
  PlaceholderWithDefault: (o) => inputOf(o, 0),
  Switch: switchOn,
  RefSwitch: switchOn,
  Merge: (o) => {
    const alive = o.inputs.find((value) => !value.dead);
    return alive ?? DEAD;
  },
};

/** Output 0 carries the value when the condition is false, output 1 when it is true. */
function switchOn(o: Operation): Value[] {
  const condition = inputOf(o, 1).tensor?.data[0];
  if (condition === undefined) fail(o, 'its condition is known only when the graph runs');
  const value = inputOf(o, 0);
  return condition ? [DEAD, value] : [value, DEAD];
}
