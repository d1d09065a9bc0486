"""Protects the count of tests: a second try hides no failure."""

import unittest

from second_try import MAX, Failure, failures, worth_it

OUTPUT = """
     Running unittests src/lib.rs (target/release/deps/critic-28f)
test worker::busy ... FAILED

failures:

---- worker::busy stdout ----

thread 'worker::busy' panicked

failures:
    worker::busy

test result: FAILED. 27 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2.13s

error: test failed, to rerun pass `-p critic --lib`
     Running tests/it/main.rs (target/release/deps/it-99a)
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
""".splitlines()


class SecondTry(unittest.TestCase):
    def test_failed_tests_are_found_with_their_program(self):
        self.assertEqual(failures(OUTPUT), [Failure("worker::busy", "target/release/deps/critic-28f", "critic")])

    def test_only_few_named_harmless_failures_are_tried_again(self):
        plain = Failure("worker::busy", "p", "critic")
        attack = Failure("hostile::one_by_one", "p", "sandbox")
        self.assertTrue(worth_it([plain], 1))
        # One more failed than was named: something else went wrong.
        self.assertFalse(worth_it([plain], 2))
        self.assertFalse(worth_it([plain, attack], 2))
        self.assertFalse(worth_it([plain] * (MAX + 1), MAX + 1))


if __name__ == "__main__":
    unittest.main()
