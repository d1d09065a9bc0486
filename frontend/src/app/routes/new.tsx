export { NewPage as Component } from '@/features/composer/new-page'
