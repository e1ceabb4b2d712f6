// The command line's shape: names, options and help. Each command's work lies in its own file and is
// loaded when it is called.
import { Command, CommanderError, Option } from 'commander';
import { StileError } from '../../core/errors.ts';
import { type StaffRole, staffRoles } from '../../tokens/staff-roles.ts';
import { softwareVersion } from '../version.ts';
import type { InitFlags } from './headend-folder.ts';
import type { LaneOrderOptions } from './headend-orders.ts';
import type { RecordOptions, ReplayOptions } from './line.ts';
import type { ScenarioOptions } from './scenario.ts';
import type { VerifyOptions } from './token.ts';

export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    throw new StileError('USAGE', error.message.replace(/^error: /, ''), {
      remedy: 'See `stile --help` or `stile COMMAND --help`.',
    });
  }
}

function buildProgram(): Command {
  const program = new Command('stile')
    .description('Offline-first runtime for bus validators, ticket gates and audio-guide cabinets.')
    .version(softwareVersion)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 the answer is no, or a fault; 2 the call or the configuration is wrong.\nColour is left out in a pipe and when NO_COLOR is set.\n',
    );
  addRun(program);
  addStreet(program);
  addHeadEnd(program);
  addToken(program);
  addJournal(program);
  addWireAndRef(program);
  addScenario(program);
  addLine(program);
  return program;
}

function addRun(program: Command): void {
  program
    .command('run')
    .description('run one terminal')
    .requiredOption('--config <file>', "the terminal's configuration, see docs/configuration.md")
    .action(async (_options, command: Command) => {
      const { runTerminalCommand } = await import('../run.ts');
      await runTerminalCommand(command.parent?.args.slice(1) ?? []);
    });
}

function addStreet(program: Command): void {
  program
    .command('street')
    .description('a head end and one bus with simulated devices, to look at and to play with')
    .option('--tour', 'play the fixed story without a person and check it', false)
    .option('--out <dir>', 'with --tour: leave databases, wallet log and byte trace here')
    .option('--json', 'with --tour: end with one JSON line', false)
    .option('--port <number>', 'port of the street page (the next free one is taken)', '8350')
    .option('--text', 'tell the story as text in this terminal instead of serving the page', false)
    .addOption(
      new Option('--line <kind>', 'how simulated devices are wired').choices(['auto', 'pty', 'socket']).default('auto'),
    )
    .addOption(
      new Option('--sabotage <kind>', 'with --tour: break something on purpose; the verdict must turn red').choices([
        'drop-row',
        'double-row',
        'drop-museum-row',
        'early-green',
        'early-motion',
      ]),
    )
    .action(async (options: Record<string, unknown>) => {
      const { streetCommand } = await import('./street.ts');
      // Everything is closed by now. Left to end by itself, Node 20 now and then waits for ever, and busily, for a handle of
      // a pseudo terminal that it believes open.
      process.exit(await streetCommand(options));
    });
}

function addHeadEnd(program: Command): void {
  const headend = program.command('headend').description('the head end that terminals report to');
  headend
    .command('run')
    .description('run the head end; without more in its configuration, broker and SQLite store in one process')
    .requiredOption('--config <file>', "the head end's configuration, see docs/configuration.md")
    .option('--workers <number>', 'with a broker elsewhere: connections that share the rows between them', '0')
    .addOption(new Option('--sabotage <kind>').hideHelp())
    .action(async (options: { config: string; workers: string; sabotage?: string }) => {
      const { headEndCommand } = await import('./headend.ts');
      await headEndCommand(options.config, options.workers, options.sabotage);
    });
  for (const [kind, does] of [
    ['hold', 'stop the admissions of gate lanes; exits go on'],
    ['resume', 'let gate lanes go on'],
  ] as const) {
    const command = headend
      .command(kind)
      .description(`${does}, by a signed command of the head end that runs on this machine`)
      .argument('[lane...]', 'terminal ids')
      .requiredOption('--config <file>', "the head end's configuration")
      .option('--site <site>', 'every lane of its zones');
    if (kind === 'hold') command.option('--wait <minutes>', 'what people are told to expect');
    command.action(async (lanes: string[], options: LaneOrderOptions) => {
      const { orderLanes } = await import('./headend-orders.ts');
      process.exitCode = await orderLanes(kind, lanes, options);
    });
  }
  addHeadEndFolder(headend);
}

function addHeadEndFolder(headend: Command): void {
  headend
    .command('init')
    .description('make the folder of a head end with mosquitto: authority, certificates, broker and head-end files')
    .argument('<dir>', 'a new folder')
    .requiredOption('--operator <id>', 'whose terminals these will be')
    .option('--host <name...>', 'names and addresses of the broker, as terminals reach it', ['localhost'])
    .option('--port <number>', 'where the broker listens for terminals', '8883')
    .option('--service-port <number>', 'where it listens for the head end, on loopback', '8884')
    .addOption(new Option('--store <kind>', 'where rows are kept').choices(['sqlite', 'postgresql']).default('sqlite'))
    .option('--database-host <host>', 'with --store postgresql: address or socket folder of the server')
    .option('--json', 'one JSON line', false)
    .action(async (dir: string, options: InitFlags) => {
      const { initCommand } = await import('./headend-folder.ts');
      await initCommand(dir, options);
    });
  const device = headend.command('device').description('certificates of terminals');
  device
    .command('add')
    .description('make a terminal known, or renew its certificate')
    .argument('<id>', 'terminal id; the common name of its certificate')
    .requiredOption('--dir <dir>', 'the folder that init made')
    .option('--json', 'one JSON line', false)
    .action(async (id: string, options: { dir: string; json: boolean }) => {
      const { addDeviceCommand } = await import('./headend-folder.ts');
      await addDeviceCommand(id, options);
    });
  device
    .command('revoke')
    .description('take back every certificate of a terminal; in force when the broker is reloaded')
    .argument('<id>', 'terminal id')
    .requiredOption('--dir <dir>', 'the folder that init made')
    .option('--json', 'one JSON line', false)
    .action(async (id: string, options: { dir: string; json: boolean }) => {
      const { revokeDeviceCommand } = await import('./headend-folder.ts');
      await revokeDeviceCommand(id, options);
    });
}

function addToken(program: Command): void {
  const token = program
    .command('token')
    .description('codes: look into them, make them, verify them (one a line on standard input)');
  token
    .command('inspect')
    .description('what each code says, without trusting it')
    .action(async () => {
      const { inspectTokens } = await import('./token.ts');
      process.exitCode = await inspectTokens();
    });
  token
    .command('verify')
    .description('verify each code as a terminal would')
    .option('--trust <file>', 'signed trust list')
    .addOption(
      new Option('--format <format>', 'a foreign format, verified with --keys').choices(['pretix_sig1', 'jtt1179']),
    )
    .option('--keys <file>', 'with --format: the keys of its issuers (JSON, see docs/formats/foreign-codes.md)')
    .option(
      '--roots <file>',
      'pinned root set (JSON, as in an identity file); default: roots.json beside the trust list',
    )
    .option('--deny <file>', 'signed deny list: head and snapshot in one file')
    .option('--at <time>', 'time to verify at, ISO 8601; default now')
    .action(async (options: VerifyOptions) => {
      const { verifyTokens } = await import('./token.ts');
      process.exitCode = await verifyTokens(options);
    });
  token
    .command('mint')
    .description('mint codes with a test issuer kept in a folder (made on first use)')
    .requiredOption('--issuer <dir>', 'folder of the test issuer: issuer.json, roots.json, trust.cbor, deny.cbor')
    .addOption(
      new Option('--kind <kind>', 'what to mint')
        .choices(['presentation', 'bearer', 'ticket', 'loan', 'badge'])
        .default('presentation'),
    )
    .option('--count <number>', 'how many', '1')
    .addOption(new Option('--role <role...>', 'of a badge').choices(staffRoles).default(['gate']))
    .option('--at <time>', 'time to mint at, ISO 8601; default now')
    .action(async (options: { issuer: string; kind: string; count: string; role: StaffRole[]; at?: string }) => {
      const { mintTokens } = await import('./token.ts');
      process.exitCode = await mintTokens(options);
    });
  token
    .command('deny')
    .description("put an account on a test issuer's signed deny list (deny.cbor)")
    .argument('[account]', "16 hexadecimal digits; default: the folder's own phone")
    .requiredOption('--issuer <dir>', 'folder of the test issuer')
    .option('--at <time>', 'time to sign at, ISO 8601; default now')
    .action(async (account: string | undefined, options: { issuer: string; at?: string }) => {
      const { denyTestAccount } = await import('./token.ts');
      process.exitCode = denyTestAccount(account ?? null, options);
    });
}

function addJournal(program: Command): void {
  const journal = program.command('journal').description("read a terminal's journal, also while the terminal runs");
  journal
    .command('ls')
    .argument('<file>', 'journal.db')
    .option('--json', 'one JSON object a line', false)
    .option('--last <number>', 'only the newest rows', '50')
    .action(async (file: string, options: { json: boolean; last: string }) => {
      const { listJournal } = await import('./journal.ts');
      process.exitCode = await listJournal(file, options);
    });
  journal
    .command('verify')
    .argument('<file>', 'journal.db')
    .option('--json', 'one JSON line', false)
    .action(async (file: string, options: { json: boolean }) => {
      const { verifyJournal } = await import('./journal.ts');
      process.exitCode = await verifyJournal(file, options);
    });
}

function addWireAndRef(program: Command): void {
  program
    .command('wire')
    .description('messages between terminal and head end')
    .command('decode')
    .description('print a message as JSON')
    .argument('<topic>', 'the topic it was published on')
    .option('--hex <bytes>', 'the payload in hexadecimal; default: binary on standard input')
    .action(async (topic: string, options: { hex?: string }) => {
      const { decodeWire } = await import('./wire.ts');
      process.exitCode = await decodeWire(topic, options);
    });
  program
    .command('ref')
    .description('find the row behind a reference a person was shown')
    .argument('<code>', 'six characters')
    .option('--journal <file>', "a terminal's journal.db")
    .option('--headend <file>', "a head end's headend.db")
    .option('--json', 'one JSON object a line', false)
    .action(async (code: string, options: { journal?: string; headend?: string; json: boolean }) => {
      const { findReference } = await import('./ref.ts');
      process.exitCode = await findReference(code, options);
    });
}

function addScenario(program: Command): void {
  const scenario = program
    .command('scenario')
    .description('stories that check a terminal, as JSON files (docs/scenarios.md)');
  scenario
    .command('run')
    .description('play scenario files against the real machines on a virtual clock')
    .argument('<file...>', 'scenario files')
    .option('--json', 'one JSON object a file, and one for all', false)
    .option('--verbose', 'show every step, not only those that are not as expected', false)
    .option('--without <guard>', 'switch this rule off: the stories that guard it must then fail')
    .option(
      '--devices <gate>',
      'behind their real drivers over lines of memory: gates as relay or digicon, lamps, and slots',
    )
    .action(async (files: string[], options: ScenarioOptions) => {
      const { runScenarios } = await import('./scenario.ts');
      process.exitCode = await runScenarios(files, options);
    });
  scenario
    .command('guards')
    .description('the rules that can be switched off, one by one')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { json: boolean }) => {
      const { listGuards } = await import('./scenario.ts');
      process.exitCode = listGuards(options.json);
    });
}

function addLine(program: Command): void {
  const kinds = (): Option =>
    new Option('--line <kind>', 'how the line is offered').choices(['auto', 'pty', 'socket']).default('auto');
  const line = program.command('line').description("a serial line's bytes with their times (docs/line-traces.md)");
  line
    .command('record')
    .description('stand between a device and its terminal and keep every byte')
    .argument('<device>', 'path of the device, tcp://host:port or unix:/path')
    .requiredOption('--out <file>', 'the trace; must not exist yet')
    .option('--baud-rate <number>', 'bits per second', '9600')
    .option('--link <path>', "where the terminal's end is put; name it in the terminal's configuration")
    .addOption(kinds())
    .option('--listen', 'hear the device without a terminal', false)
    .option('--seconds <number>', 'end after so long; default: on a signal')
    .option('--json', 'notes as JSON lines too', false)
    .action(async (device: string, options: RecordOptions) => {
      const { recordLine } = await import('./line.ts');
      process.exitCode = await recordLine(device, options);
    });
  line
    .command('replay')
    .description("play the device's side of a trace and compare what the terminal says")
    .argument('<file>', 'a trace of `stile line record`')
    .option('--link <path>', "where the terminal's end is put; name it in the terminal's configuration")
    .addOption(kinds())
    .option('--speed <number>', 'how many times faster the pauses pass', '1')
    .option('--delay-seconds <number>', 'time for the terminal to open the line', '3')
    .option('--patience-seconds <number>', 'how long the terminal may take for what it had said', '5')
    .option('--json', 'notes as JSON lines too', false)
    .action(async (file: string, options: ReplayOptions) => {
      const { replayLine } = await import('./line.ts');
      process.exitCode = await replayLine(file, options);
    });
}
