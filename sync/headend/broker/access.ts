// What a terminal may say and hear on the embedded broker: its own topics and the broadcasts. Pure, so
// that every topic can be asked about in a test.
import { documentNames, lanes, operatorTopics, terminalTopics } from '../../wire/topics.ts';

export const mayPublish = (operator: string, terminal: string, topic: string): boolean => {
  const own = terminalTopics(operator, terminal);
  return [own.state, own.birth, own.request, ...lanes.map(own.tx)].includes(topic);
};

export const maySubscribe = (operator: string, terminal: string, filter: string): boolean => {
  const own = terminalTopics(operator, terminal);
  const all = operatorTopics(operator);
  const broadcasts = [all.trust, all.denyHead, all.anyHostState, ...documentNames.map(all.documentHead)];
  return [own.ack, own.response, ...broadcasts].includes(filter);
};
