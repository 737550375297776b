import { randomInt } from 'node:crypto'

/** Friendly in front of every animal below: nothing of looks, origin, health or sex. */
const ADJECTIVES = `
  agile airy alert amiable amused artful attentive awake balanced blithe bold brave breezy bright brisk bubbly
  calm candid careful caring cheerful chipper clear clever cordial cosy courtly creative curious dapper daring dashing
  dazzling deft diligent dreamy eager earnest elegant epic fabled faithful famous fearless festive fleet
  frank friendly gallant generous gentle genial gifted glad gleaming golden graceful grand grateful handy happy hardy
  helpful honest hopeful humble humorous ideal jaunty jolly jovial joyful jubilant keen kind learned legendary lively
  loyal lucky lyrical magical majestic mellow merry mighty mindful modest musical neat nimble noble patient peaceful
  peppy playful pleasant plucky poetic poised polite proud prudent quick quiet radiant regal relaxed resolute
  rising robust royal sage serene shining silver sincere skilful smart snappy snug soaring solid sparkling spirited
  splendid sporty spry stalwart starry steady sterling stoic stylish sunny sure swift tactful tidy tranquil trusty
  upbeat valiant vibrant vivid warm wise witty worthy zesty
`

/** None that is also a word for a person, a part of the body, or an insult in the languages we could ask. */
const ANIMALS = `
  albatross alpaca antelope armadillo axolotl badger barracuda bison bobolink bongo bumblebee butterfly capybara cardinal
  caribou chameleon cheetah chinchilla chipmunk cicada condor coyote crane cricket curlew cuttlefish damselfly
  dolphin dormouse dragonfly dugong eagle egret eland falcon ferret finch firefly flamingo fox gazelle gecko
  giraffe goldfinch gopher grasshopper grouse hamster hare hawk hedgehog heron hoopoe hornbill hummingbird ibex ibis
  iguana impala jaguar jerboa kestrel kingfisher koala kookaburra kudu ladybird lapwing lark lemming lemur
  leopard lion lizard llama lobster lynx macaw mallard manatee marlin marmot marten meerkat merlin mongoose moose
  narwhal newt nightingale numbat ocelot octopus okapi oriole oryx osprey otter owl panda pangolin panther parakeet
  partridge pelican penguin petrel pheasant pika platypus plover porcupine porpoise puffin puma python quail quetzal
  quokka rabbit raven reindeer robin salamander salmon sandpiper seahorse seal serval sparrow squirrel starfish
  starling stingray stoat stork sturgeon swan swift tapir tern tiger toucan trout tuna turtle vole
  wallaby walrus warbler weaver wildcat wolf wolverine wombat woodpecker wren yak zebra
`

const adjectives = ADJECTIVES.trim().split(/\s+/)
const animals = ANIMALS.trim().split(/\s+/)

/** Digits of the number in the names tried one after the other: where short names are taken, it grows. */
const DIGITS = [2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9] as const

/** Numbers that people read something into. */
const TELLING = /69|88|420|666|911|1312|1488/

/** Names such as `brave-otter-42`, in the order in which they are to be tried. Made of nothing that a caller sent. */
export function* guestNames(): Generator<string, void> {
  for (const digits of DIGITS) yield `${pick(adjectives)}-${pick(animals)}-${numberOf(digits)}`
}

function numberOf(digits: number): number {
  for (;;) {
    const number = randomInt(10 ** (digits - 1), 10 ** digits)
    if (!TELLING.test(String(number))) return number
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? ''
}
