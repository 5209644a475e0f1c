import { createHash } from 'node:crypto';
import { DbpatError } from '../errors.js';
import type { SqlPart } from '../migration/migration.js';
import type { SqlRules } from '../sql/rules.js';
import type { StatementClass } from '../sql/statement.js';
import { type Token, tokensOf } from '../sql/tokens.js';
import { atShard } from './context.js';
import type { StepRun } from './record.js';

/** Hash over the texts of the first `done` statements. */
export function prefixHash(part: SqlPart, done: number): string {
  const hash = createHash('sha256');
  for (let i = 0; i < done; i++)
    hash
      .update(part.statements[i]!.text)
      .update('\0')
      .update(part.statements[i]!.copyData ?? '');
  return hash.digest('hex').slice(0, 32);
}

/**
 * Where to go on: after the statements that are done, with their session settings made again.
 * @throws DbpatError `history_changed` when the file does not begin with them any more; `unfinished` when what follows
 *   needs something that ended with the session that made it
 */
export async function resumePoint(
  run: StepRun,
  part: SqlPart,
  classes: readonly StatementClass[],
): Promise<number> {
  const before = run.step.row?.progress;
  if (!before || before.direction !== run.step.direction || before.done === 0) return 0;
  const { done } = before;
  const name = `${run.step.version} ${run.step.description}`;
  if (done > part.statements.length || before.prefix !== prefixHash(part, done)) {
    throw new DbpatError(
      'history_changed',
      `${name}: its first ${done} statements took effect, and the file does not begin with them any more`,
      {
        file: part.file,
        hint: `restore the first ${done} statements of ${part.file}; what comes after them may change`,
      },
    );
  }
  const found = replayOf(part, classes, done, run.shard.dialect.sqlRules);
  if (found.lost !== undefined) {
    const { index, what } = found.lost;
    throw new DbpatError(
      'unfinished',
      `${name}: statement ${index + 1} (${classes[index]!.words}) ${what}, which ended with the session that sent it, and what follows needs it`,
      {
        version: run.step.version,
        file: part.file,
        line: part.statements[index]!.line,
        hint: `finish it by hand, then: dbpat migrate repair --applied ${run.step.version}${atShard(run.context, run.shard)} --reason TEXT`,
      },
    );
  }
  for (const index of found.again) await run.session.send(part.statements[index]!);
  return done;
}

export interface Replay {
  /** Statements that set up the session: to be sent again, in this order. */
  readonly again: readonly number[];
  /** A done statement whose effect is gone and needed. */
  readonly lost?: { readonly index: number; readonly what: string };
}

/**
 * Which of the first `done` statements a new session needs again, or what it cannot have. Settings are repeated; a
 * temporary table, a table lock, and a variable or prepared statement that came from data are not: data has moved on.
 * Pure.
 */
export function replayOf(
  part: Pick<SqlPart, 'statements'>,
  classes: readonly StatementClass[],
  done: number,
  rules: SqlRules,
): Replay {
  const again: number[] = [];
  const made = new Map<string, { readonly index: number; readonly what: string }>();
  const tokens = (i: number) => tokensOf(part.statements[i]!.text, rules) ?? [];
  for (let i = 0; i < done; i++) {
    const { kind, words } = classes[i]!;
    const statement = tokens(i);
    if (/^CREATE (OR REPLACE )?(GLOBAL |LOCAL )?TEMP/.test(words)) {
      const table = tableName(statement);
      if (table !== undefined) made.set(`table ${table}`, { index: i, what: 'made a temporary table' });
    } else if (/^DROP\b/.test(words)) {
      for (const { text } of statement) made.delete(`table ${text.toLowerCase()}`);
    } else if (words.startsWith('LOCK')) {
      made.set('locks', { index: i, what: 'locked tables' });
    } else if (words.startsWith('UNLOCK')) {
      made.delete('locks');
    } else if (kind === 'session') {
      const targets = targetsOf(statement);
      const fromData = computed(statement) || uses(statement, made) !== undefined;
      for (const target of targets) {
        if (fromData) made.set(target, { index: i, what: 'took a value from data' });
        else made.delete(target);
      }
      if (targets.length === 0 || !fromData) again.push(i);
    } else if (kind === 'query' && setsConfig(statement)) {
      again.push(i);
    }
  }
  const lost = firstNeed(part, classes, done, tokens, made);
  return lost === undefined ? { again } : { again, lost };
}

function firstNeed(
  part: Pick<SqlPart, 'statements'>,
  classes: readonly StatementClass[],
  done: number,
  tokens: (i: number) => readonly Token[],
  made: Map<string, { readonly index: number; readonly what: string }>,
): Replay['lost'] {
  for (let i = done; i < part.statements.length && made.size > 0; i++) {
    const { kind, words } = classes[i]!;
    if (words.startsWith('UNLOCK')) {
      made.delete('locks');
      continue;
    }
    const statement = tokens(i);
    const locks = made.get('locks');
    if (locks !== undefined) return locks;
    const needed = uses(statement, made);
    if (needed !== undefined) return needed;
    // what a procedure or a prepared text does with the session is not seen here
    const hidden = kind === 'other' && /^(CALL|EXECUTE|DO|BEGIN)\b/.test(words);
    const table = [...made].find(([what]) => what.startsWith('table ') || what.startsWith('@'));
    if (hidden && table !== undefined) return table[1];
    if (kind === 'session') for (const target of targetsOf(statement)) made.delete(target);
  }
  return undefined;
}

/** Names of `@variables` and prepared statements that a session statement gives a value to. */
function targetsOf(tokens: readonly Token[]): readonly string[] {
  if (tokens[0]?.upper === 'PREPARE') return [`prepared ${tokens[1]?.text.toLowerCase()}`];
  const into = tokens[0]?.upper === 'SELECT' ? tokens.findIndex(({ upper }) => upper === 'INTO') : -1;
  if (tokens[0]?.upper !== 'SET' && into === -1) return [];
  return tokens.flatMap((_token, i) => {
    const variable = variableAt(tokens, i);
    if (variable === undefined || i < into) return [];
    const assigned =
      tokens[i + 2]?.upper === '=' || (tokens[i + 2]?.upper === ':' && tokens[i + 3]?.upper === '=');
    return into !== -1 || assigned ? [variable] : [];
  });
}

/** `@name` that starts here; `@@name` is a setting of the server. */
function variableAt(tokens: readonly Token[], i: number): string | undefined {
  if (tokens[i]?.upper !== '@' || tokens[i - 1]?.upper === '@') return undefined;
  const name = tokens[i + 1];
  return name === undefined || name.upper === '@' ? undefined : `@${name.text.toLowerCase()}`;
}

/** A value that is not written out: it may come from rows, the clock or the session. */
function computed(tokens: readonly Token[]): boolean {
  return tokens.some(
    ({ upper }, i) =>
      upper === 'SELECT' ||
      (upper === '(' && tokens[i - 1]?.kind === 'word' && !plain.has(tokens[i - 1]!.upper)),
  );
}

/** Functions that give the same for the same arguments. */
const plain = new Set([
  'CONCAT',
  'CONCAT_WS',
  'IF',
  'IFNULL',
  'COALESCE',
  'REPLACE',
  'UPPER',
  'LOWER',
  'CAST',
  'SET',
  'AS',
]);

function uses<T>(tokens: readonly Token[], made: ReadonlyMap<string, T>): T | undefined {
  const targets = new Set(targetsOf(tokens));
  for (const [i, token] of tokens.entries()) {
    const variable = variableAt(tokens, i);
    if (variable !== undefined && !targets.has(variable) && made.has(variable)) return made.get(variable);
    if (token.kind !== 'word' && token.kind !== 'name') continue;
    const found = made.get(`table ${token.text.toLowerCase()}`);
    if (found !== undefined) return found;
    if (tokens[0]?.upper === 'EXECUTE' && i === 1) {
      const prepared = made.get(`prepared ${token.text.toLowerCase()}`);
      if (prepared !== undefined) return prepared;
    }
  }
  return undefined;
}

function tableName(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(({ upper }) => upper === 'TABLE');
  if (at === -1) return undefined;
  const rest = tokens.slice(at + 1).filter(({ upper }) => !['IF', 'NOT', 'EXISTS'].includes(upper));
  const name = rest[1]?.upper === '.' ? rest[2] : rest[0];
  return name?.text.toLowerCase();
}

function setsConfig(tokens: readonly Token[]): boolean {
  const [, first, dot, second] = tokens;
  const name = dot?.upper === '.' ? second : first;
  return name?.upper === 'SET_CONFIG';
}
