/// <reference lib="webworker" />
import { expose } from 'comlink'
import { passOn } from './passing-on.ts'

expose({ passOn })
