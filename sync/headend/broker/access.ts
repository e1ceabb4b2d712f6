// What a terminal may say and hear on the embedded broker: its own topics and the broadcasts. Pure, so
// that every topic can be asked about in a test.
import { isId } from '../../../runtime/core/brand.ts';
import {
  documentNames,
  lanes,
  operations,
  operatorTopics,
  parseTopic,
  siteTopics,
  terminalTopics,
} from '../../wire/topics.ts';

export const mayPublish = (operator: string, terminal: string, topic: string): boolean => {
  const own = terminalTopics(operator, terminal);
  const topics = [own.state, own.birth, ...operations.map(own.request), ...lanes.map(own.tx)];
  return topics.includes(topic) || mayClaim(operator, terminal, topic);
};

export const maySubscribe = (operator: string, terminal: string, filter: string): boolean => {
  const own = terminalTopics(operator, terminal);
  const all = operatorTopics(operator);
  const broadcasts = [all.trust, all.denyHead, all.anyHostState, ...documentNames.map(all.documentHead)];
  const topics = [own.ack, own.command, ...operations.map(own.response), ...broadcasts];
  return topics.includes(filter) || isSiteTalk(operator, filter);
};

/** Machines of a site speak under their own name only; who is believed there, signatures decide. */
function mayClaim(operator: string, terminal: string, topic: string): boolean {
  const address = parseTopic(topic);
  if (address?.to !== 'claim' && address?.to !== 'answer') return false;
  return address.operator === operator && address.sender === terminal;
}

function isSiteTalk(operator: string, filter: string): boolean {
  const site = filter.split('/')[4];
  if (site === undefined || !isId(site)) return false;
  const { anyClaim, anyAnswer } = siteTopics(operator, site);
  return filter === anyClaim || filter === anyAnswer;
}
