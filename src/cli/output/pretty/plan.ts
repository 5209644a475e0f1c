import type { PlannedStepReport, PlanResult, ShardPlanReport } from '../../../run/results.js';
import { type Page, page, type View } from '../page.js';
import { counted, indent } from '../text.js';
import { errorList, warningLines } from './error.js';

/** What would run: wave by wave; shards with the same steps are shown once. */
export function renderPlan(result: PlanResult, view: View): Page {
  const { out } = view;
  const errors = result.shards.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const several = result.shards.length > 1;
  const lines: string[] = [];
  for (const wave of result.waves) {
    const own = result.shards.filter((shard) => shard.wave === wave.name && shard.steps.length > 0);
    if (own.length === 0) continue;
    if (result.waves.length > 1) lines.push(out.bold(`wave ${wave.name}`));
    for (const group of sameSteps(own)) {
      if (several) lines.push(out.bold(group.map(({ shard }) => shard).join(', ')));
      lines.push(...group[0]!.steps.flatMap((step) => stepLines(step, view)));
    }
  }
  const busy = result.shards.filter(({ steps }) => steps.length > 0);
  const steps = busy.reduce((sum, shard) => sum + shard.steps.length, 0);
  const where = several ? ` on ${busy.length} of ${counted(result.shards.length, 'shard')}` : '';
  const again = result.command === 'migrate redo' ? ', then up again' : '';
  const sum =
    steps === 0 ? 'nothing to run' : `${counted(steps, 'step')} to run${where}${again}; nothing was run`;
  const known = errors.length < result.shards.length;
  return page(known ? [...lines, sum] : [], [
    ...warningLines(result.shards, view.err),
    ...errorList(errors, view.err, view.verbose),
  ]);
}

/** Shards in groups of the same steps, in the order of their first. */
function sameSteps(shards: readonly ShardPlanReport[]): readonly (readonly ShardPlanReport[])[] {
  const groups = new Map<string, ShardPlanReport[]>();
  for (const shard of shards) {
    const key = JSON.stringify([shard.dialect, shard.steps]);
    groups.set(key, [...(groups.get(key) ?? []), shard]);
  }
  return [...groups.values()];
}

function stepLines(step: PlannedStepReport, { out }: View): readonly string[] {
  const phase = step.phase === 'up' ? '' : ` ${step.phase}`;
  const how = [
    ...contents(step),
    ...(step.resumesAfter === undefined ? [] : [`goes on after ${step.resumesAfter}`]),
  ];
  return [
    `  ${step.direction}${phase} ${out.bold(step.version)} ${step.description}  ${out.dim(`${step.file}: ${how.join(', ')}`)}`,
    ...(step.statements ?? []).flatMap(({ text }) => indent(ended(text), '      ')),
  ];
}

function contents({ form, statements, transaction }: PlannedStepReport): readonly string[] {
  if (statements?.length === 0) return ['empty, nothing to run'];
  return [
    form === 'module' ? 'module' : counted(statements?.length ?? 0, 'statement'),
    transaction ? 'one transaction' : 'no transaction: statement by statement',
  ];
}

function ended(text: string): string {
  const trimmed = text.trim();
  return trimmed.endsWith(';') ? trimmed : `${trimmed};`;
}
