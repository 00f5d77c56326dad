"""Takes the template's permissions out, one by one, and demands that a test is denied each.

``python -m tests.permissions`` makes a copy of the pipeline's files for each action of each role
and each resource's policy, without that action, and runs the end-to-end tests that need it
(`tests.permissions.table`) on it, permissions enforced. All run in one pytest session, so on one
stack. It prints a table and ends with 1 when

- the tests pass, or fail by anything but a denial that names the role and the action;
- an action has no test and, beside it in the template, no comment ``# no local call: <reason>``
  (beside the word ``Action`` it is about all of a list), or it has both;
- the tests do not pass without all the actions that have such a comment: then one of them is
  needed, and its comment is wrong.

Options are ``--role`` and ``--action``, for some alone, and ``--list``.
"""
