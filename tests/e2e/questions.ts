/**
 * Questions as people ask them, with the pages that answer them. None is the title of a page. The model answers all of these; the README of the corpus
 * vectors (tools/demo/README.md) tells which others were tried, and which it does not answer.
 */

export interface Question {
  readonly asked: string;
  /** Name of its language, in English. */
  readonly language: string;
  /** The only language that is searched, by its own name. */
  readonly searchIn: string;
  /** Any of these may be on top. */
  readonly expected: readonly string[];
}

export const questions: readonly Question[] = [
  { asked: "my laptop gets warm and the fan is loud", language: "English", searchIn: "English", expected: ["power-constantfan", "power-hotcomputer"] },
  { asked: "wifi drops all the time", language: "English", searchIn: "English", expected: ["net-wireless-disconnecting"] },
  { asked: "스피커에서 소리가 안 나와요", language: "Korean", searchIn: "한국어", expected: ["sound-nosound"] },
  { asked: "노트북이 너무 뜨거워요", language: "Korean", searchIn: "한국어", expected: ["power-hotcomputer"] },
  { asked: "스피커에서 소리가 안 나와요", language: "Korean", searchIn: "English", expected: ["sound-nosound"] },
  { asked: "비밀번호를 바꾸려면 어떻게 하나요?", language: "Korean", searchIn: "English", expected: ["user-changepassword"] },
  { asked: "Mein Laptop wird sehr heiß", language: "German", searchIn: "English", expected: ["power-hotcomputer"] },
];
