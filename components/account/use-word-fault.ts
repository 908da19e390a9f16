import { useTranslations } from 'next-intl'
import { faultOfWords } from '@/lib/browser/kit-words'

/** Says what is wrong with 24 words that open nothing: how many they are, or which of them is none. */
export function useWordFault(): (typed: string) => Promise<string> {
  const t = useTranslations('common.words')
  return async (typed) => {
    const { is, ...what } = await faultOfWords(typed)
    return t(is, what)
  }
}
