/** Pairs and sentences to look at: within a language, across languages, and a passage that only shares words with its question. */

export interface PairExample {
  /** BCP 47 tags of question and passage. */
  readonly langs: readonly [string, string];
  readonly question: string;
  readonly passage: string;
}

export const pairExamples: readonly PairExample[] = [
  {
    langs: ["en", "en"],
    question: "Why is my laptop so hot?",
    passage: "Computers usually get warm, and the fan cools them. If the laptop overheats, check that its vents are not blocked by dust.",
  },
  {
    langs: ["ko", "ko"],
    question: "화면을 더 밝게 하려면?",
    passage: "빛이 많은 곳에서는 화면 밝기를 높이면 글자를 읽기 쉽습니다. 설정에서 밝기 막대를 움직이세요.",
  },
  {
    langs: ["ko", "en"],
    question: "비밀번호를 바꾸려면 어떻게 하나요?",
    passage: "It is a good idea to change your password from time to time. Open Users in the settings and click Password.",
  },
  {
    langs: ["de", "ja"],
    question: "Wo finde ich gelöschte Dateien?",
    passage: "削除したファイルはゴミ箱に入ります。ゴミ箱を開いて、元の場所に戻すことができます。",
  },
  {
    langs: ["en", "en"],
    question: "How do I eject a disk?",
    passage: "The hard disk is almost full: the disk usage analyzer shows which folders take the most space.",
  },
];

/** Each: one meaning in several languages, and another meaning last. Named by `t().score.sets`. */
export const sentenceSets: readonly (readonly string[])[] = [
  [
    "Make the screen brighter.",
    "화면을 더 밝게 해 주세요.",
    "Mach den Bildschirm heller.",
    "画面をもっと明るくしてください。",
    "صفحه را روشن‌تر کن.",
    "The train leaves at nine.",
  ],
  [
    "I deleted a file by mistake.",
    "실수로 파일을 지웠어요.",
    "J'ai supprimé un fichier par erreur.",
    "Я случайно удалил файл.",
    "我不小心删除了一个文件。",
    "저녁에 비빔밥을 먹었어요.",
  ],
  ["It will rain tomorrow.", "내일 비가 올 거예요.", "Morgen wird es regnen.", "Mañana va a llover.", "Αύριο θα βρέξει.", "Das Konto ist gesperrt."],
];
