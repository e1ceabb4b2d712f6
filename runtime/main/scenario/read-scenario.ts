// From the bytes of a file to a scenario, or to one sentence that says what is wrong and where: file, step,
// key, value, and what is allowed there.
import { z } from 'zod';
import { messageOf, StileError } from '../../core/errors.ts';
import { type Scenario, scenarioSchema } from './format.ts';

/** @throws StileError SCENARIO_INVALID. `file` only names it. */
export function readScenario(file: string, text: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `is not JSON: ${messageOf(cause)}`);
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(file, issue === undefined ? 'is not a scenario' : problemOf(issue, value));
}

export const invalid = (file: string, problem: string): StileError =>
  new StileError('SCENARIO_INVALID', `${file}: ${problem}`, {
    remedy: 'Correct the file; docs/scenarios.md and docs/scenarios.schema.json say what may stand where.',
  });

type Issue = z.core.$ZodIssue;

function problemOf(issue: Issue, value: unknown): string {
  const [path, inner] = innermost(issue, []);
  const where = placeOf(path);
  if (inner.code === 'unrecognized_keys') {
    const unknown = inner.keys.map((key) => JSON.stringify(key)).join(', ');
    return `${where}: ${unknown} is not known here; allowed: ${allowedAt(path).join(', ')}`;
  }
  const found = valueAt(value, path);
  const shown = found === undefined ? 'missing' : `is ${JSON.stringify(found)?.slice(0, 60)}`;
  const simple = typeof found !== 'object' || found === null;
  return `${where}: ${simple ? `${shown}; ` : ''}${inner.message}`;
}

/** Of a choice that nothing fits, the try that came furthest says most. */
function innermost(issue: Issue, before: readonly PropertyKey[]): readonly [readonly PropertyKey[], Issue] {
  const path = [...before, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [path, issue];
  const tries = issue.errors.flatMap((issues) => issues.slice(0, 1).map((first) => innermost(first, path)));
  return tries.reduce((best, one) => (one[0].length > best[0].length ? one : best));
}

/** `steps.2.scan.show` is step 3, key scan.show. */
function placeOf(path: readonly PropertyKey[]): string {
  const [head, at, ...rest] = path;
  if (head !== 'steps' || typeof at !== 'number') return path.length === 0 ? 'the file' : `key ${path.join('.')}`;
  return rest.length === 0 ? `step ${at + 1}` : `step ${at + 1}, key ${rest.join('.')}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

interface SchemaNode {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** The keys that the published schema knows at `path`: the message and the schema cannot disagree. */
function allowedAt(path: readonly PropertyKey[]): readonly string[] {
  const root = z.toJSONSchema(scenarioSchema) as SchemaNode;
  const choices = (node: SchemaNode): readonly SchemaNode[] => {
    const named = node.$ref === undefined ? undefined : root.$defs?.[node.$ref.replace('#/$defs/', '')];
    if (named !== undefined) return choices(named);
    return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(choices)];
  };
  let nodes: readonly SchemaNode[] = [root];
  for (const key of path) nodes = nodes.flatMap(choices).flatMap((node) => below(node, key));
  return [...new Set(nodes.flatMap(choices).flatMap((node) => Object.keys(node.properties ?? {})))];
}

function below(node: SchemaNode, key: PropertyKey): readonly SchemaNode[] {
  if (typeof key === 'number') return node.items ? [node.items] : [];
  const own = node.properties?.[String(key)];
  if (own !== undefined) return [own];
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
}
