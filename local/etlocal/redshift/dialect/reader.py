"""A cursor over the words of a statement, for what is parsed by hand."""

from __future__ import annotations

from sqlglot.tokenizer_core import Token, TokenType

from etlocal.redshift.dialect import grammar
from etlocal.redshift.errors import SqlSyntaxError

_QUOTED = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.HEREDOC_STRING)


class Reader:
    """Reads a statement word by word.

    Parameters
    ----------
    text : str
        The statement, without the semicolon at its end.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = grammar.tokens(text)
        self.position = 0

    @property
    def done(self) -> bool:
        """Whether every word was read."""
        return self.position >= len(self.tokens)

    def peek(self, ahead: int = 0) -> Token | None:
        """Give a word without reading it; None behind the end."""
        index = self.position + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def next(self) -> Token:
        """Read one word.

        Raises
        ------
        SqlSyntaxError
            If there is none left.
        """
        token = self.peek()
        if token is None:
            raise SqlSyntaxError("")
        self.position += 1
        return token

    def word(self, ahead: int = 0) -> str:
        """Give an unquoted word in capitals without reading it; empty if there is none."""
        token = self.peek(ahead)
        return "" if token is None or token.token_type in _QUOTED else token.text.upper()

    def at(self, *words: str) -> bool:
        """Whether the next words are these, quoted ones never."""
        return all(self.word(index) == word for index, word in enumerate(words))

    def accept(self, *words: str) -> bool:
        """Read these words if they are next."""
        if not self.at(*words):
            return False
        self.position += len(words)
        return True

    def accept_any(self, *words: str) -> str | None:
        """Read the next word if it is one of these, and give it."""
        word = self.word()
        if word and word in words:
            self.position += 1
            return word
        return None

    def expect(self, *words: str) -> None:
        """Read these words.

        Raises
        ------
        SqlSyntaxError
            If they are not next.
        """
        for word in words:
            if not self.accept(word):
                raise self.error()

    def error(self) -> SqlSyntaxError:
        """Make the syntax error of this place."""
        token = self.peek()
        return SqlSyntaxError("" if token is None else token.text)

    def end(self) -> None:
        """Check that nothing is left.

        Raises
        ------
        SqlSyntaxError
            If there are words left.
        """
        if not self.done:
            raise self.error()

    def string(self) -> str:
        """Read a quoted string.

        Raises
        ------
        SqlSyntaxError
            If none is next.
        """
        token = self.peek()
        if token is None or token.token_type not in (TokenType.STRING, TokenType.HEREDOC_STRING):
            raise self.error()
        self.position += 1
        return token.text

    def accept_string(self) -> str | None:
        """Read a quoted string if one is next."""
        token = self.peek()
        return self.string() if token and token.token_type == TokenType.STRING else None

    def integer(self) -> int:
        """Read a whole number, with its sign.

        Raises
        ------
        SqlSyntaxError
            If none is next.
        """
        sign = -1 if self.accept("-") else 1
        token = self.peek()
        if token is None or token.token_type != TokenType.NUMBER or not token.text.isdecimal():
            raise self.error()
        self.position += 1
        return sign * int(token.text)

    def identifier(self) -> str:
        """Read a name, folded to lower case.

        Raises
        ------
        SqlSyntaxError
            If none is next.
        """
        token = self.peek()
        if token is None or token.token_type in (
            TokenType.STRING,
            TokenType.NUMBER,
            TokenType.HEREDOC_STRING,
        ):
            raise self.error()
        name = token.text
        if token.token_type == TokenType.HASH and (following := self.peek(1)):
            self.position += 1
            name = "#" + following.text
        elif token.token_type != TokenType.IDENTIFIER and not _is_name(name):
            raise self.error()
        self.position += 1
        return name.lower()

    def names(self) -> tuple[str, ...]:
        """Read a list of names in parentheses."""
        self.expect("(")
        found = [self.identifier()]
        while self.accept(","):
            found.append(self.identifier())
        self.expect(")")
        return tuple(found)

    def qualified(self) -> tuple[str, ...]:
        """Read a name with dots: one, two or three parts."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        if len(parts) > 3:
            raise SqlSyntaxError(".".join(parts))
        return tuple(parts)

    def group(self) -> str:
        """Read what stands in parentheses, nested ones included, and give its text."""
        self.expect("(")
        start, depth = self.position, 1
        while depth:
            token = self.next()
            depth += {"(": 1, ")": -1}.get(token.text, 0) if token.token_type not in _QUOTED else 0
        return self.slice(start, self.position - 1)

    def until(self, *words: str) -> str:
        """Read up to one of these words outside of parentheses, and give the text."""
        start, depth = self.position, 0
        while not self.done:
            word = self.word()
            if depth == 0 and word in words:
                break
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth < 0:
                break
            self.position += 1
        return self.slice(start, self.position)

    def slice(self, start: int, end: int) -> str:
        """Give the text of the words from `start` up to, not including, `end`."""
        if end <= start:
            return ""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end + 1]

    def rest(self) -> str:
        """Read everything that is left and give its text."""
        start, self.position = self.position, len(self.tokens)
        return self.slice(start, self.position)


def _is_name(text: str) -> bool:
    return (text[:1].isalpha() or text[:1] in "_#") and all(c.isalnum() or c in "_$#" for c in text)
