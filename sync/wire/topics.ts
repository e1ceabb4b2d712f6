// Names of the topics of one operator, and what a topic that arrives addresses. The number of levels is
// fixed and no name of a person, account or token ever stands in one.
import { isId } from '../../runtime/core/brand.ts';

export const lanes = ['live', 'backlog'] as const;
export type Lane = (typeof lanes)[number];
/** Larger documents, each with a signed head under `all/doc/{name}`. */
export const documentNames = ['fares', 'rules'] as const;
export type DocumentName = (typeof documentNames)[number];
/** What a terminal may ask for under `req/{operation}`. */
export const operations = ['doc', 'lease', 'challenge'] as const;
export type Operation = (typeof operations)[number];

const prefix = 'stile/1';

export type Address =
  | { readonly to: 'state' | 'birth' | 'ack' | 'command'; readonly operator: string; readonly terminal: string }
  | { readonly to: 'tx'; readonly operator: string; readonly terminal: string; readonly lane: Lane }
  | {
      readonly to: 'request' | 'response';
      readonly operator: string;
      readonly terminal: string;
      readonly operation: Operation;
    }
  | { readonly to: 'trust' | 'deny-head'; readonly operator: string }
  | { readonly to: 'document-head'; readonly operator: string; readonly name: DocumentName }
  | { readonly to: 'host-state'; readonly operator: string; readonly host: string }
  | {
      readonly to: 'claim' | 'answer';
      readonly operator: string;
      readonly site: string;
      /** Terminal that speaks. */
      readonly sender: string;
    };

export const terminalTopics = (operator: string, terminal: string) => {
  const base = `${prefix}/${operator}/t/${terminal}`;
  return {
    state: `${base}/state`,
    birth: `${base}/birth`,
    ack: `${base}/ack`,
    tx: (lane: Lane): string => `${base}/tx/${lane}`,
    command: `${base}/cmd`,
    request: (operation: Operation): string => `${base}/req/${operation}`,
    response: (operation: Operation): string => `${base}/res/${operation}`,
  } as const;
};

export const operatorTopics = (operator: string) => {
  const base = `${prefix}/${operator}`;
  return {
    trust: `${base}/all/trust`,
    denyHead: `${base}/all/deny/head`,
    documentHead: (name: DocumentName): string => `${base}/all/doc/${name}`,
    hostState: (host: string): string => `${base}/host/${host}/state`,
    anyHostState: `${base}/host/+/state`,
    anyTx: `${base}/t/+/tx/+`,
    anyBirth: `${base}/t/+/birth`,
    anyState: `${base}/t/+/state`,
    anyRequest: `${base}/t/+/req/+`,
  } as const;
};

/** Between the machines of one site, over the site's own broker. */
export const siteTopics = (operator: string, site: string) => {
  const base = `${prefix}/${operator}/site/${site}`;
  return {
    claim: (sender: string): string => `${base}/claim/${sender}`,
    answer: (sender: string): string => `${base}/answer/${sender}`,
    anyClaim: `${base}/claim/+`,
    anyAnswer: `${base}/answer/+`,
  } as const;
};

/** What a topic addresses, or null for a topic that is none of Stile's. */
export function parseTopic(topic: string): Address | null {
  const [root, version, operator = '', scope, ...rest] = topic.split('/');
  if (`${root}/${version}` !== prefix || !isId(operator)) return null;
  if (scope === 't') return terminalAddress(operator, rest);
  if (scope === 'all') return broadcastAddress(operator, rest);
  if (scope === 'site') return siteAddress(operator, rest);
  const [host = '', leaf, ...more] = rest;
  if (scope !== 'host' || leaf !== 'state' || more.length > 0 || !isId(host)) return null;
  return { to: 'host-state', operator, host };
}

function terminalAddress(operator: string, levels: readonly string[]): Address | null {
  const [terminal = '', leaf, detail, ...more] = levels;
  if (!isId(terminal) || more.length > 0) return null;
  if (leaf === 'tx') {
    const lane = lanes.find((name) => name === detail);
    return lane ? { to: 'tx', operator, terminal, lane } : null;
  }
  if (leaf === 'req' || leaf === 'res') {
    const operation = operations.find((name) => name === detail);
    return operation ? { to: leaf === 'req' ? 'request' : 'response', operator, terminal, operation } : null;
  }
  if (detail !== undefined) return null;
  if (leaf === 'cmd') return { to: 'command', operator, terminal };
  return leaf === 'state' || leaf === 'birth' || leaf === 'ack' ? { to: leaf, operator, terminal } : null;
}

function siteAddress(operator: string, levels: readonly string[]): Address | null {
  const [site = '', to, sender = '', ...more] = levels;
  if (!isId(site) || !isId(sender) || more.length > 0) return null;
  return to === 'claim' || to === 'answer' ? { to, operator, site, sender } : null;
}

function broadcastAddress(operator: string, levels: readonly string[]): Address | null {
  const [first, second, ...more] = levels;
  if (more.length > 0) return null;
  if (first === 'trust' && second === undefined) return { to: 'trust', operator };
  if (first === 'deny' && second === 'head') return { to: 'deny-head', operator };
  const name = documentNames.find((known) => known === second);
  return first === 'doc' && name ? { to: 'document-head', operator, name } : null;
}

/** MQTT 3.1.1 section 4.7: `+` stands for one level, a final `#` for the rest. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
