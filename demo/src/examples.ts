/** Questions to try, as somebody would ask them: none is the title of a page. */

export interface Example {
  readonly lang: string;
  readonly text: string;
}

export const examples: readonly Example[] = [
  { lang: "en", text: "my laptop gets warm and the fan is loud" },
  { lang: "ko", text: "스피커에서 소리가 안 나와요" },
  { lang: "de", text: "Wie mache ich die Schrift größer?" },
  { lang: "ja", text: "間違えて消したファイルを元に戻したい" },
  { lang: "fr", text: "mon ordinateur portable chauffe beaucoup" },
  { lang: "fa", text: "چگونه رمز عبورم را عوض کنم؟" },
];
