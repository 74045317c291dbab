/** Three short texts to try the part with. */
import type { PickedFile } from "./pick.ts";

const texts: Readonly<Record<string, string>> = {
  "samples/bicycle.md": `# Bicycle care

## Chain

Wipe the chain with a dry cloth after riding in the rain, then put a drop of oil on every link. A dry chain squeaks and wears out the gears.

## Tyres

Pump the tyres up once a week. Soft tyres make pedalling hard and are easily punctured.`,
  "samples/kimchi.txt": `김치 담그기

배추를 소금에 절여 여섯 시간 동안 둡니다. 고춧가루, 마늘, 생강, 젓갈을 섞어 양념을 만들고 배춧잎 사이에 고루 바릅니다. 하루는 실온에 두었다가 냉장고에서 익힙니다.`,
  "samples/garten.html": `<!doctype html><html lang="de"><title>Garten im Winter</title><main><h1>Garten im Winter</h1><h2>Rosen</h2><p>Häufeln Sie im November Erde um die Rosen an, damit der Frost die Wurzeln nicht erreicht.</p><h2>Vögel</h2><p>Bei Schnee finden Vögel wenig Futter. Sonnenblumenkerne und Meisenknödel helfen ihnen.</p></main></html>`,
};

export function sampleFiles(): PickedFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, file: new File([text], path.split("/").at(-1)!) }));
}
