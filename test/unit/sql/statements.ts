import fc from 'fast-check';

/** Whole statements of each dialect, as split must give them back. */
export const statements = {
  postgres: [
    'select 1',
    "insert into t values ('a;''b', E'c\\';d', $$e;f$$, $x$ ; $$ ; $x$)",
    "select E'a'\n  'b\\';c' as x, U&'d\\0061;' as y, B'01', X'1F'",
    'create function f() returns int as $body$ begin; return 1; end; $body$ language plpgsql',
    'create function g() returns int language sql begin atomic select 1; select case when true then 2 end; end',
    "do $$ begin execute ';'; end $$",
    'create rule r as on insert to t do also (insert into l values(1); insert into l values(2))',
    'begin',
    'end',
    "select '{}'::jsonb ? 'a;' from t where a @> '{}' and b#>'{x}' is not null",
    'create index concurrently i on t (a) where b > -1',
    'alter table only t add column "a;b" int default 1, add constraint c check (a > 0)',
    'with x as (insert into t values (1) returning *) select * from x',
    'prepare p as select $1, $2',
    'create table a$b$c (x int)',
    'select 4 */* ; */ 2',
    'select 1 -- inside ;\n, 2',
    'copy t to stdout',
    'select naïve, "täble" from été',
    "comment on table t is '-- no /* comment;'",
  ],
  mysql: [
    'select 1',
    "insert into t values ('a;\\'b', \"c\\\";d\", 'e''f')",
    'create table `a;``b` (`begin` int, `end` int) engine=InnoDB',
    'create procedure p() begin select 1; if 1 then select 2; end if; case 1 when 1 then select 3; end case; end',
    'create trigger tr before insert on t for each row set new.a = if(1, 2, 3)',
    'create trigger tr after delete on t for each row begin delete from u; set @a = case when 1 then 2 end; end',
    'create definer=`r`@`%` event e on schedule every 1 day do begin delete from t; end',
    'create function f() returns int deterministic return repeat(1, 2)',
    'begin not atomic select 1; select 2; end',
    'begin',
    'select 5--1',
    'select 1 # inside ;\n, 2',
    '/*!40101 SET NAMES utf8 */',
    '/*!50003 create trigger tr before insert on t for each row begin set new.a=1; end */',
    'select /*+ NO_INDEX_MERGE(t) ; */ 1',
    'alter table t add column begin int',
    'create procedure p() l1: begin l2: loop leave l2; end loop l2; repeat select 1; until 1 end repeat; end l1',
    'grant all on x.* to `a`@`b`',
    'select `naïve` from été',
  ],
  sqlite: [
    'select 1',
    "insert into t values ('a;''b\\', 1)",
    'select 1 as [a;b], 2 as `c;``d`, 3 as "e;""f"',
    'create trigger tr after insert on t begin insert into l values(1); delete from m; end',
    'create temp trigger if not exists tr after update on t when new.a>1 begin update t set a=case when 1 then 2 else 3 end; end',
    'create trigger begin after insert on t begin select "end;" from t; select [end;] from t; end',
    'explain create trigger tr after insert on t begin select 1; end',
    'begin',
    'end',
    'pragma foreign_keys = off',
    'select $a, :b, @c, ?1',
    'create table if not exists n (a integer primary key, "b;" text default \';\') strict',
    'select 1 -- inside ;\n, 2',
    'select 4 /* ; /* */ * 2',
    'select case when 1 then 2 end',
    'create view v as select 1 as "end"',
  ],
} as const;

const gaps = {
  postgres: ['', ' ', '\n', '\n\n\t', " -- c ; ' $$\n", "/* ; /* nested ' */ $$ */", '\r\f', '--\n'],
  mysql: ['', ' ', '\n', '\n\n\t', " -- c ; '\n", "/* ; /* ' */", '# c ; `\n', '--\n'],
  sqlite: ['', ' ', '\n', '\n\n\t', " -- c ; '\n", "/* ; /* ' */", '\f', '--\n'],
} as const;

export interface Script {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Scripts of known statements with random white space, comments and empty statements between them. */
export function scripts(dialect: keyof typeof statements): fc.Arbitrary<Script> {
  const gap = fc.array(fc.constantFrom(...gaps[dialect]), { maxLength: 3 }).map((g) => g.join(''));
  const delimiter = fc.tuple(gap, gap, fc.boolean()).map(([a, b, twice]) => `${a};${twice ? ' ;' : ''}${b}`);
  const part = fc.tuple(fc.constantFrom(...statements[dialect]), delimiter);
  return fc.tuple(gap, fc.array(part, { maxLength: 12 })).map(([lead, pieces]) => ({
    text: lead + pieces.map(([sql, end]) => sql + end).join(''),
    parts: pieces.map(([sql]) => sql),
  }));
}
