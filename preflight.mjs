// Runs with every install and is silent when all is well. It names what stands in the way (an
// unsupported Node, no compiled better-sqlite3 and why) with a remedy. It uses Node alone, because it
// must work where nothing could be installed.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldestNode = [20, 19];
const headersRemedy =
  'no Node headers: install a Node that brings its include folder, or set npm_config_nodedir to a folder that holds include/node';
const root = import.meta.dirname ?? dirname(fileURLToPath(import.meta.url));

const problems = findProblems();
if (problems.length > 0) {
  console.error(`\nStile cannot be installed here.\n${problems.join('\n')}\n`);
  process.exitCode = 1;
}

/** Lines for a person, empty when all is well. Before the first install only Node itself is judged. */
function findProblems() {
  if (isOlder(process.versions.node, oldestNode)) {
    const wanted = oldestNode.join('.');
    return [
      `Node ${process.versions.node} is too old: Stile needs ${wanted} or newer. Install Node 20, 22 or 24, then run npm ci again.`,
    ];
  }
  return existsSync(join(root, 'node_modules')) ? databaseProblems() : [];
}

function databaseProblems() {
  const failure = loadFailure();
  if (failure === undefined) return removesHooks() ? collectionProblem() : [];
  if (failure.code === 'ERR_DLOPEN_FAILED') {
    return ['better-sqlite3 was compiled for another Node or system. Run: npm rebuild better-sqlite3'];
  }
  const missing = missingTools();
  if (missing.length === 0) {
    return [`better-sqlite3 is not installed (${firstLine(failure)}). To see why: npm ci --foreground-scripts`];
  }
  return [
    'better-sqlite3 has no ready-made binary for this machine and could not be compiled:',
    ...missing.map((line) => `  ${line}`),
    'Then run npm ci again.',
  ];
}

/** Undefined when better-sqlite3 opens a database. */
function loadFailure() {
  try {
    const Database = createRequire(join(root, 'package.json'))('better-sqlite3');
    new Database(':memory:').close();
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * True where Node ends when a statement is garbage: the headers of Node 24.11 and newer make each destructor in
 * better-sqlite3 12 remove a hook, which needs an environment that is not always there then (docs/decisions/0007).
 * The binary is read because the crash itself comes by chance.
 */
function removesHooks() {
  const binary = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  return existsSync(binary) && readFileSync(binary).includes('RemoveEnvironmentCleanupHook');
}

function collectionProblem() {
  return [
    'better-sqlite3 was compiled with headers of Node 24.11 or newer: Node ends when one of its statements is garbage.',
    '  Either install Node 20 or 22 and run npm ci again,',
    '  or compile it with the headers of a Node from 24.0 to 24.10 (the same binary interface):',
    '  npm_config_nodedir=FOLDER_WITH_INCLUDE npm rebuild better-sqlite3',
  ];
}

/** What node-gyp needs and does not find. Headers come last: it downloads them once the rest is there. */
function missingTools() {
  const { CXX, PYTHON } = process.env;
  const tools = [
    [[CXX, 'c++', 'g++', 'clang++'], 'no C++ compiler: apt-get install g++'],
    [['make', 'gmake'], 'no make: apt-get install make'],
    [[PYTHON, 'python3', 'python'], 'no Python 3: apt-get install python3'],
  ];
  const missing = tools.filter(([programs]) => !programs.some(isOnPath)).map(([, remedy]) => remedy);
  return missing.length > 0 || hasNodeHeaders() ? missing : [headersRemedy];
}

function hasNodeHeaders() {
  const folders = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))].filter(Boolean);
  return folders.some((folder) => existsSync(join(folder, 'include/node/node.h')));
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => program && isExecutable(resolve(folder, program)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isOlder(version, [major, minor]) {
  const [actualMajor = 0, actualMinor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return actualMajor < major || (actualMajor === major && actualMinor < minor);
}

function firstLine(error) {
  return String(error.message).split('\n', 1)[0];
}
