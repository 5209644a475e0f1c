import type { StatementClass } from '../sql/statement.js';

/**
 * What is journalled as one: `single` has its intent recorded first, `group` shares a transaction with its record, `own`
 * is a transaction of the file's that takes the record in before its COMMIT, `block` one that cannot, `session` leaves
 * nothing that a later session would see.
 */
export interface Unit {
  readonly kind: 'single' | 'group' | 'own' | 'block' | 'session';
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/**
 * The units from statement `from` on, in order. Pure.
 * @param transactionalDdl DDL can share a transaction with its record: each has one of its own, so that no lock is held
 *   longer than the file asks for
 */
export function makeUnits(
  classes: readonly StatementClass[],
  from: number,
  transactionalDdl: boolean,
): readonly Unit[] {
  const units: Unit[] = [];
  const plain = (one: StatementClass) =>
    one.kind === 'dml' ||
    one.kind === 'query' ||
    (one.kind === 'ddl' && transactionalDdl && one.outsideTransaction === undefined);
  for (let i = from; i < classes.length; ) {
    const { kind, boundary, words } = classes[i]!;
    let to = i + 1;
    if (boundary === 'begin') {
      while (to < classes.length && classes[to - 1]!.boundary !== 'end') to++;
      const last = classes[to - 1]!;
      const closed = /^(COMMIT|END)\b/.test(last.words) && /^(BEGIN|START)\b/.test(words);
      const inner = classes.slice(i + 1, to - 1);
      const whole = closed && inner.every((one) => plain(one) || savepoint(one));
      units.push({ kind: whole ? 'own' : 'block', from: i, to });
    } else if (kind === 'dml' || kind === 'query') {
      while (to < classes.length && ['dml', 'query'].includes(classes[to]!.kind)) to++;
      units.push({ kind: 'group', from: i, to });
    } else if (plain(classes[i]!)) {
      units.push({ kind: 'group', from: i, to });
    } else {
      units.push({ kind: kind === 'session' ? 'session' : 'single', from: i, to });
    }
    i = to;
  }
  return units;
}

function savepoint({ kind, boundary }: StatementClass): boolean {
  return kind === 'transaction' && boundary === undefined;
}
