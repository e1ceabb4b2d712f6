// What the screen says beside the answer to a code: what to do next with guide, door and slot. Two lines
// of at most 40 Latin or 16 Han characters.

export type PromptName = keyof typeof prompts;

/** `{slot}` stands for the slot's number. */
export const prompts = {
  wait: { en: 'One moment, you are next', zh: '请稍候' },
  takeGuide: { en: 'Please take the guide at {slot}', zh: '请从{slot}号取讲解器' },
  closeDoor: { en: 'Please close door {slot}', zh: '请关好{slot}号门' },
  openAgain: { en: 'Closed again: press to open', zh: '已关闭，按键重新打开' },
  retrying: { en: 'Sorry, trying again', zh: '抱歉，正在重试' },
  tryingNext: { en: 'Sorry, trying slot {slot}', zh: '抱歉，改用{slot}号' },
  compensated: { en: 'Sorry, nothing is charged', zh: '抱歉，不收费' },
  notTaken: { en: 'Not taken, nothing is charged', zh: '未取走，不收费' },
  taken: { en: 'Enjoy your visit', zh: '祝您参观愉快' },
  returnHere: { en: 'Put the guide into slot {slot}', zh: '请放入{slot}号' },
  returnStarted: { en: 'Guide seen: push until it locks', zh: '已感应，请推到底' },
  returned: { en: 'Returned, thank you', zh: '已归还，谢谢' },
  turnRound: { en: 'Turn the guide round and push', zh: '请转向后推入' },
  cabinetFull: { en: 'Full here, your fee is paused', zh: '已满，计费暂停' },
  allFull: { en: 'Full here: show guide or code', zh: '已满，请出示设备或码' },
} as const;
