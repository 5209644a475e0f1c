import { Lexer } from './lexer.js';
import type { Head, SqlRules } from './rules.js';
import type { LexOptions } from './statement.js';

const fullTokens = 60;
/** Their class is decided by the first words; the rest may be megabytes of values. */
const decidedEarly = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'MERGE']);

/** @throws DbpatError `sql_invalid`, when the text does not lex */
export function headOf(text: string, rules: SqlRules, options: LexOptions): Head {
  const lexer = new Lexer({ text, origin: { line: 1, offset: 0 } }, rules, options);
  const flat: string[] = [];
  const full: string[] = [];
  const nested = new Set<string>();
  let depth = 0;
  let opened = false;
  for (;;) {
    const kind = lexer.next();
    if (kind === 'end') break;
    if (kind === 'comment' || kind === 'hint' || kind === 'open' || kind === 'close') continue;
    const token =
      kind === 'word' || kind === 'symbol'
        ? text.slice(lexer.start, lexer.end).toUpperCase()
        : kind === 'name'
          ? '"'
          : kind === 'semicolon'
            ? ';'
            : "'";
    if (full.length < fullTokens) full.push(token);
    if (token === ')') depth = Math.max(0, depth - 1);
    else if (token === '(') depth += 1;
    else if (depth === 0) flat.push(token);
    if (opened && kind === 'word') nested.add(token);
    opened = token === '(';
    if (full.length === fullTokens && decidedEarly.has(full[0] as string)) break;
  }
  return { flat: flat.join(' '), full: full.join(' '), nested };
}

/** The first word of a statement, also where it stands in parentheses. */
export function firstWord(head: Head): string {
  return /\w+/.exec(head.full)?.[0] ?? '';
}

const objects =
  'ACCESS AGGREGATE CAST COLLATION CONVERSION DATABASE DOMAIN EVENT EXTENSION FUNCTION GROUP INDEX LANGUAGE MATERIALIZED ' +
  'OPERATOR PACKAGE POLICY PROCEDURE PUBLICATION ROLE RULE SCHEMA SEQUENCE SERVER STATISTICS SUBSCRIPTION SYSTEM TABLE ' +
  'TABLES TABLESPACE TEXT TRANSFORM TRIGGER TYPE USER VIEW';
const verbs =
  'ABORT ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE ' +
  'DESCRIBE DETACH DISCARD DO DROP END EXECUTE EXPLAIN FETCH FLUSH GRANT IMPORT INSERT KILL LISTEN LOAD LOCK MERGE MOVE ' +
  'NOTIFY OPTIMIZE PRAGMA PREPARE REASSIGN REFRESH REINDEX RELEASE RENAME REPAIR REPLACE RESET REVOKE ROLLBACK SAVEPOINT ' +
  'SECURITY SELECT SET SHOW START TRUNCATE UNLISTEN UNLOCK UPDATE USE VACUUM VALUES WITH XA';
const modifiers =
  'AGGREGATE ALL ATOMIC CLASS CONSTRAINT DATA DEFERRED EXCLUSIVE FOREIGN FROM FULLTEXT GLOBAL IGNORE IMMEDIATE INTO ' +
  'LABEL LOCAL MATERIALIZED NOT OR PREPARED PUBLIC RECURSIVE REPLACE SESSION SPATIAL TEMP TEMPORARY TO TRANSACTION UNIQUE ' +
  'UNLOGGED VIRTUAL WORK';
const afterObject = 'CONCURRENTLY EXISTS IF NOT ONLY VIEW WRAPPER';

const setOf = (...words: string[]): ReadonlySet<string> => new Set(words.flatMap((w) => w.split(' ')));
const objectWords = setOf(objects);
const beforeObjectWords = setOf(verbs, modifiers, objects);
const afterObjectWords = setOf(afterObject);

/** The leading keywords, five at most. */
export function keywordsOf(head: Head): string {
  const tokens = head.flat.split(' ', 5);
  // What follows is a name of the author's choice.
  if (tokens[0] === 'WITH') return tokens[1] === 'RECURSIVE' ? 'WITH RECURSIVE' : 'WITH';
  const words: string[] = [];
  let known = beforeObjectWords;
  for (const token of tokens) {
    if (words.length > 0 && !known.has(token)) break;
    words.push(token);
    if (words.length > 1 && objectWords.has(token)) known = afterObjectWords;
  }
  return words.join(' ');
}
