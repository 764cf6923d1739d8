using System.Net;
using System.Text;

namespace Merpati.Mail;

/// <summary>
/// Takes the tags out of HTML as it streams by: text stays, character references are resolved, markup, comments, scripts and styles go.
/// Not a parser of documents; a few characters of memory, whatever comes.
/// </summary>
internal sealed class HtmlText
{
    private const int MaxReference = 12;
    private const int MaxTagName = 10;

    private readonly StringBuilder _pending = new();
    private State _state;
    private char _quote;
    private string? _hidden;

    private enum State
    {
        Text,
        Reference,
        TagOpen,
        TagName,
        Tag,
        Markup,
        Comment,
    }

    public void Strip(ReadOnlySpan<char> html, StringBuilder to)
    {
        while (!html.IsEmpty)
        {
            var plain = SkipPlain(html, to);
            html = html[plain..];
            if (html.IsEmpty) return;
            // A character may end one thing and begin another.
            while (!Take(html[0], to)) { }
            html = html[1..];
        }
    }

    /// <summary>Characters that change nothing, taken at once.</summary>
    private int SkipPlain(ReadOnlySpan<char> html, StringBuilder to)
    {
        var end = _state switch
        {
            State.Text when _hidden is null => html.IndexOfAny('<', '&'),
            State.Text => html.IndexOf('<'),
            State.Tag => _quote != '\0' ? html.IndexOf(_quote) : html.IndexOfAny('>', '"', '\''),
            _ => 0,
        };
        if (end < 0) end = html.Length;
        if (_state == State.Text && _hidden is null) to.Append(html[..end]);
        return end;
    }

    /// <summary>False when the character has to be looked at again in the new state.</summary>
    private bool Take(char c, StringBuilder to)
    {
        switch (_state)
        {
            case State.Text:
                if (c == '<') Enter(State.TagOpen);
                else Enter(State.Reference, c);
                return true;

            case State.Reference:
                if (c == ';' || !char.IsAsciiLetterOrDigit(c) && c != '#' || _pending.Length >= MaxReference)
                {
                    if (c == ';') _pending.Append(c);
                    to.Append(WebUtility.HtmlDecode(_pending.ToString()));
                    Enter(State.Text);
                    return c == ';';
                }
                _pending.Append(c);
                return true;

            case State.TagOpen:
                if (c == '!') Enter(State.Markup);
                else if (c == '?') Enter(State.Tag);
                else if (c == '/' || char.IsAsciiLetter(c)) Enter(State.TagName, c);
                else
                {
                    // "a < b" is text.
                    if (_hidden is null) to.Append('<');
                    Enter(State.Text);
                    return false;
                }
                return true;

            case State.TagName:
                if (char.IsAsciiLetterOrDigit(c))
                {
                    if (_pending.Length < MaxTagName) _pending.Append(c);
                    return true;
                }
                SeeTag(_pending.ToString().ToLowerInvariant(), to);
                Enter(State.Tag);
                return false;

            case State.Tag:
                if (_quote != '\0')
                {
                    if (c == _quote) _quote = '\0';
                }
                else if (c is '"' or '\'' && _hidden is null) _quote = c;
                else if (c == '>') Enter(State.Text);
                return true;

            case State.Markup:
                _pending.Append(c);
                if (c == '>') Enter(State.Text);
                else if (_pending.Length == 2) Enter(_pending.Equals("--") ? State.Comment : State.Tag);
                return true;

            default:
                if (c == '>' && _pending.Length == 2) Enter(State.Text);
                else if (c != '-') _pending.Clear();
                else if (_pending.Length < 2) _pending.Append(c);
                return true;
        }
    }

    private void Enter(State state)
    {
        _state = state;
        _quote = '\0';
        _pending.Clear();
    }

    private void Enter(State state, char first)
    {
        Enter(state);
        _pending.Append(first);
    }

    private void SeeTag(string name, StringBuilder to)
    {
        if (_hidden is not null)
        {
            if (name.Length > 1 && name[0] == '/' && name.AsSpan(1).SequenceEqual(_hidden)) _hidden = null;
            return;
        }
        if (name is "script" or "style" or "title") _hidden = name;
        // Inline markup may stand inside a word; all else parts words.
        else if (name.TrimStart('/') is not ("b" or "i" or "u" or "a" or "em" or "strong" or "span" or "font" or "small" or "sub" or "sup" or "wbr")) to.Append(' ');
    }
}
