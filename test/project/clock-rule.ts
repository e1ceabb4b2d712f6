// The rule that time and chance come in by the door: finds every place that reads a clock, arms a
// timer or draws random bytes by itself. It reads the syntax tree, because a name can be reached in
// more ways than a list of global names covers.
import ts from 'typescript';

export interface ClockViolation {
  readonly line: number;
  /** As written in the source, such as `Date.now`. */
  readonly what: string;
}

/** The room that implements Clock and Entropy. setImmediate is no clock: it only ends a turn. */
export const exemptFiles: readonly string[] = ['runtime/core/clock.ts', 'runtime/core/entropy.ts'];

const forbiddenGlobals = new Set(['setTimeout', 'setInterval', 'performance']);
const hostObjects = new Set(['globalThis', 'global', 'window', 'self']);
const forbiddenMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  AbortSignal: new Set(['timeout']),
  Math: new Set(['random']),
  process: new Set(['hrtime', 'uptime']),
};
const forbiddenModules = new Set([
  'node:timers',
  'node:timers/promises',
  'node:perf_hooks',
  'timers',
  'timers/promises',
  'perf_hooks',
]);
const cryptoModules = new Set(['node:crypto', 'crypto']);
const chanceNames = new Set([
  'getRandomValues',
  'pseudoRandomBytes',
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'webcrypto',
]);
/** Members of Date that compute from their arguments only. */
const pureDateMembers = new Set(['UTC', 'parse', 'prototype']);

export function clockViolations(path: string, source: string): readonly ClockViolation[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true);
  const found: ClockViolation[] = [];
  const visit = (node: ts.Node): void => {
    const what = violationAt(node);
    if (what) found.push({ what, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function violationAt(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node)) return importViolation(node);
  if (ts.isPropertyAccessExpression(node)) return memberViolation(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return memberViolation(node.expression, node.argumentExpression.text);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return dynamicImportViolation(node);
  return ts.isIdentifier(node) && isFreeExpression(node) ? identifierViolation(node) : undefined;
}

function importViolation(node: ts.ImportDeclaration): string | undefined {
  if (!ts.isStringLiteral(node.moduleSpecifier) || node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    return undefined;
  const module = node.moduleSpecifier.text;
  if (forbiddenModules.has(module)) return `import of ${module}`;
  const bindings = node.importClause?.namedBindings;
  if (!cryptoModules.has(module) || !bindings || !ts.isNamedImports(bindings)) return undefined;
  const chance = bindings.elements
    .map((element) => (element.propertyName ?? element.name).text)
    .find((name) => chanceNames.has(name));
  return chance && `${chance} of ${module}`;
}

function dynamicImportViolation(node: ts.CallExpression): string | undefined {
  const [module] = node.arguments;
  return module && ts.isStringLiteralLike(module) && forbiddenModules.has(module.text)
    ? `import of ${module.text}`
    : undefined;
}

function memberViolation(target: ts.Expression, member: string): string | undefined {
  if (chanceNames.has(member)) return `${target.getText()}.${member}`;
  if (!ts.isIdentifier(target)) return undefined;
  if (hostObjects.has(target.text))
    return forbiddenGlobals.has(member) || member === 'Date' ? `${target.text}.${member}` : undefined;
  return forbiddenMembers[target.text]?.has(member) ? `${target.text}.${member}` : undefined;
}

function identifierViolation(node: ts.Identifier): string | undefined {
  if (node.text === 'Date') return dateViolation(node);
  if (forbiddenGlobals.has(node.text)) return node.text;
  const member = takenApart(node).find((name) => forbiddenMembers[node.text]?.has(name));
  return member && `${node.text}.${member}`;
}

/** Names drawn out of `node` by destructuring: `const { random } = Math`. */
function takenApart(node: ts.Identifier): readonly string[] {
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return [];
  return parent.name.elements.map((element) => (element.propertyName ?? element.name).getText());
}

/** `new Date(milliseconds)` only formats; everything else asks what time it is. */
function dateViolation(node: ts.Identifier): string | undefined {
  const { parent } = node;
  if (ts.isNewExpression(parent) && parent.expression === node)
    return parent.arguments?.length ? undefined : 'new Date()';
  if (ts.isPropertyAccessExpression(parent))
    return pureDateMembers.has(parent.name.text) ? undefined : `Date.${parent.name.text}`;
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) return undefined;
  return ts.isCallExpression(parent) && parent.expression === node ? 'Date()' : 'Date taken apart';
}

/** An identifier that names a value in scope: not a member's name, a key, a type or a declaration. */
function isFreeExpression(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (hasInitializer(parent)) return parent.initializer === node;
  return (
    !ts.isTypeReferenceNode(parent) &&
    !ts.isImportSpecifier(parent) &&
    !isNamedDeclaration(parent) &&
    !ts.isQualifiedName(parent)
  );
}

const hasInitializer = (
  node: ts.Node,
): node is ts.VariableDeclaration | ts.ParameterDeclaration | ts.BindingElement | ts.PropertyDeclaration =>
  ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node) || ts.isPropertyDeclaration(node);

const isNamedDeclaration = (node: ts.Node): boolean =>
  ts.isPropertySignature(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isTypeQueryNode(node);
