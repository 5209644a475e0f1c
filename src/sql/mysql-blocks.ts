import type { BlockTracker } from './rules.js';

const objects = new Set(['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT']);
/** A package's end cannot be told without knowing its mode: it needs DELIMITER. */
const endless: BlockTracker = () => 1;
/** May stand between CREATE and the kind of object. */
const modifiers = new Set(['OR', 'REPLACE', 'AGGREGATE', 'DEFINER', 'CURRENT_USER', 'CURRENT_ROLE']);
const compounds = new Set(['IF', 'LOOP', 'WHILE', 'REPEAT', 'FOR']);
/** A statement may begin directly after one of these. */
const beforeStatement = new Set([';', ':', 'THEN', 'ELSE', 'DO', 'BEGIN', 'LOOP', 'REPEAT']);
/** First words of simple statements; after one of them IF( and REPEAT( are functions. */
const verbs = new Set(
  (
    'SELECT INSERT UPDATE DELETE REPLACE SET RETURN CALL WITH DO VALUES TABLE TRUNCATE CREATE ALTER DROP RENAME ' +
    'EXECUTE PREPARE DEALLOCATE SIGNAL RESIGNAL GET LOAD FLUSH SHOW LOCK ANALYZE OPTIMIZE GRANT REVOKE KILL ' +
    'COMMIT ROLLBACK START SAVEPOINT OPEN CLOSE FETCH LEAVE ITERATE USE'
  ).split(' '),
);

/**
 * Bodies of routines, triggers and events, and MariaDB's compound statements outside them, where no DELIMITER is set.
 * MySQL 8.4 manual 15.6, MariaDB 10.11 "Programmatic & Compound Statements". BEGIN and END are not reserved there, so
 * they count only where a statement may begin, or where they close a CASE or REPEAT.
 */
export function compoundBlocks(first: string): BlockTracker | undefined {
  if (first === 'CREATE' || first === 'ALTER') return storedBlocks();
  if (first === 'BEGIN') return anonymousBlock();
  if (compounds.has(first) || first === 'CASE') return body([first], first);
  return undefined;
}

function anonymousBlock(): BlockTracker {
  let follow: BlockTracker | undefined;
  let nots = 0;
  return (token) => {
    if (follow !== undefined) return follow(token);
    if (token === 'NOT' && nots === 0) nots = 1;
    else if (token === 'ATOMIC' && nots === 1) follow = body(['BEGIN'], 'BEGIN');
    else return -1;
    return follow === undefined ? 0 : 1;
  };
}

function storedBlocks(): BlockTracker {
  let object = '';
  let previous = 'CREATE';
  let parentheses = 0;
  let startable = false;
  let simple = false;
  let follow: BlockTracker | undefined;
  return (token) => {
    if (follow !== undefined) return follow(token);
    const before = previous;
    previous = token;
    if (token === '(') parentheses++;
    else if (token === ')') {
      parentheses--;
      if (parentheses === 0 && (object === 'PROCEDURE' || object === 'FUNCTION')) startable = true;
    }
    if (parentheses > 0 || before === '.' || before === '@') return 0;
    if (object === '') {
      if (objects.has(token)) object = token;
      else if (token === 'PACKAGE') {
        follow = endless;
        return 1;
      } else if (/^\w/.test(token) && before !== '=' && !modifiers.has(token)) return -1;
    } else if (!startable) {
      startable =
        (object === 'TRIGGER' && token === 'ROW' && before === 'EACH') ||
        (object === 'EVENT' && token === 'DO');
    } else if (!simple && (token === 'BEGIN' || token === 'CASE' || compounds.has(token))) {
      follow = body([token], token);
      return 1;
    } else if (verbs.has(token) && !/^(RETURNS|CHARACTER|CHAR)$/.test(before)) simple = true;
    return 0;
  };
}

/** In an expression a CASE holds no statements. */
const caseExpression = 'CASE expression';

function body(stack: string[], first: string): BlockTracker {
  let previous = first;
  let parentheses = 0;
  /** Between DECLARE … HANDLER FOR and its statement. */
  let handler = false;
  let declaring = false;
  return (token) => {
    const before = previous;
    previous = before === '.' || before === '@' ? '' : token;
    if (stack.length === 0) return 0;
    if (token === '(') parentheses++;
    else if (token === ')') parentheses--;
    else if (token === ';') {
      parentheses = 0;
      handler = false;
      declaring = false;
    }
    if (parentheses > 0 || previous === '') return stack.length;
    const top = stack.at(-1);
    const startable = top !== caseExpression && (handler || beforeStatement.has(before));
    if (token === 'END') {
      if (startable || top === caseExpression || top === 'REPEAT') stack.pop();
    } else if (token === 'CASE') {
      if (before !== 'END') stack.push(startable ? 'CASE' : caseExpression);
    } else if (startable && (token === 'BEGIN' || compounds.has(token))) {
      stack.push(token);
      handler = false;
    } else if (startable && token === 'DECLARE') declaring = true;
    else if (declaring && token === 'FOR' && before === 'HANDLER') handler = true;
    else if (startable && verbs.has(token)) {
      handler = false;
      if (token === 'DO') previous = '';
    }
    return stack.length;
  };
}
