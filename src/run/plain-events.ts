import type { Emit, RunEvent, StepRef } from '../events.js';

/** Passes events on with steps that say which they are, and nothing of what they run: no texts, no files. */
export function plainSteps(emit: Emit): Emit {
  return (event) => emit('step' in event ? withStep(event) : event);
}

function withStep<E extends RunEvent & { readonly step: StepRef }>(event: E): E {
  const { version, phase, direction, description } = event.step;
  return { ...event, step: { version, phase, direction, description } };
}
