using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Merpati.Protocols.Imap.Commands;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

public sealed class ParsingTests
{
    private static CommandLine Parse(string text, SessionStates state = SessionStates.Selected) => CommandLine.Parse(Encoding.Latin1.GetBytes(text), state);

    [Theory]
    [InlineData("INBOX", "INBOX")]
    [InlineData("&-", "&")]
    [InlineData("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語")]
    [InlineData("M&AOQ-rz", "März")]
    [InlineData("&2D3eAA-", "😀")]
    public void Modified_UTF7_both_ways(string encoded, string decoded)
    {
        ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(encoded)).Should().Be(decoded);
        ModifiedUtf7.Encode(decoded).Should().Be(encoded);
    }

    [Theory]
    [InlineData("&Jjo")] // not closed
    [InlineData("&Jjo!")] // a character outside the alphabet (RFC 3501 §5.1.3)
    [InlineData("&U,BTFw-&ZeVnLIqe-")] // a superfluous shift
    [InlineData("&AGE-")] // 'a' needs no base64
    [InlineData("&AOR-")] // pad bits that are not zero
    [InlineData("&AOQAOQ")]
    [InlineData("caf\xe9")] // raw octets over 127
    public void Modified_UTF7_in_other_than_the_canonical_form_is_refused(string encoded) => ModifiedUtf7.TryDecode(Encoding.Latin1.GetBytes(encoded)).Should().BeNull();

    [Property]
    public void Every_name_comes_back(string name)
    {
        if (name is null || name.Any(char.IsSurrogate)) return;
        ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(ModifiedUtf7.Encode(name))).Should().Be(name);
    }

    [Theory]
    [InlineData("17-Jul-1996 02:44:25 -0700", "1996-07-17T02:44:25-07:00")]
    [InlineData(" 7-Jul-1996 02:44:25 +0000", "1996-07-07T02:44:25+00:00")]
    [InlineData("7-jul-1996 02:44:25 +1400", "1996-07-07T02:44:25+14:00")]
    public void Date_times(string text, string moment)
    {
        ImapDate.TryParseDateTime(text, out var parsed).Should().BeTrue();
        parsed.Should().Be(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture));
        ImapDate.TryParseDateTime(ImapDate.Format(parsed), out var again).Should().BeTrue();
        again.EqualsExact(parsed).Should().BeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("31-Feb-1996 02:44:25 -0700")]
    [InlineData("17-Jul-1996 24:44:25 -0700")]
    [InlineData("17-Jul-1996 02:44:25 -0760")]
    [InlineData("17-Jul-1996 02:44:25 +1500")]
    [InlineData("17-Jul-1996 02:44:25")]
    [InlineData("17-Jul-96 02:44:25 -0700")]
    [InlineData("1-Jan-0001 00:00:00 +1400")]
    [InlineData("31-Dec-9999 23:59:59 -1400")]
    [InlineData("+1-Jul-1996 02:44:25 -0700")]
    public void Date_times_that_are_none(string text) => ImapDate.TryParseDateTime(text, out _).Should().BeFalse();

    [Fact]
    public void Every_verb_is_refused_in_every_state_where_it_has_no_place()
    {
        foreach (var definition in CommandTable.All)
        {
            foreach (var state in new[] { SessionStates.NotAuthenticated, SessionStates.Authenticated, SessionStates.Selected })
            {
                var line = Parse("tag " + definition.Verb.ToLowerInvariant(), state);
                line.Tag.Should().Be("tag");
                line.Definition.Should().BeSameAs(definition);
                var refused = line.Error is "Log in first" or "Select a mailbox first" or "Not after login";
                refused.Should().Be(!definition.States.HasFlag(state), $"{definition.Verb} in {state}");
            }
        }
    }

    [Theory]
    [InlineData("IDLE", "IDLE")]
    [InlineData("ID", "ID")]
    [InlineData("ENABLE", "ENABLE")]
    [InlineData("NAMESPACE", "NAMESPACE")]
    [InlineData("UNSELECT", "UNSELECT")]
    [InlineData("MOVE", "UID MOVE")]
    [InlineData("UIDPLUS", "UID EXPUNGE")]
    public void A_capability_has_its_command(string capability, string verb)
    {
        CommandTable.Find(Encoding.ASCII.GetBytes(verb)).Should().NotBeNull($"{capability} is advertised");
    }

    [Theory]
    [InlineData("a FETCH 1 FLAGS")]
    [InlineData("a FETCH 1:* (FLAGS UID BODY[1.2.HEADER.FIELDS (A B)]<0.12>)")]
    [InlineData("a UID FETCH 1,2:3,*:4 ALL")]
    [InlineData("a uid search return (min max) charset utf-8 or not seen (from \"x\\\"y\" since 1-Feb-1994)")]
    [InlineData("a APPEND INBOX {3}\r\n")]
    [InlineData("a APPEND \"x y\" (\\Seen a) \" 1-Jan-2020 00:00:00 +0000\" {3+}\r\n")]
    [InlineData("a LOGIN {3}\r\nabc {2+}\r\nde")]
    [InlineData("a STORE 1 -FLAGS.SILENT a b \\seen")]
    [InlineData("a.]! NOOP  ")]
    [InlineData("a LIST (SUBSCRIBED REMOTE) \"\" (a% \"b*\") RETURN (CHILDREN STATUS (UNSEEN))")]
    [InlineData("a ID (\"a\" NIL \"b\" \"c\")")]
    [InlineData("a SEARCH *")]
    [InlineData("a SEARCH HEADER x \"\"")]
    public void Good_commands(string text)
    {
        var line = Parse(text, text.Contains("LOGIN", StringComparison.Ordinal) ? SessionStates.NotAuthenticated : SessionStates.Selected);
        line.Error.Should().BeNull();
        line.Command.Should().NotBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a ")]
    [InlineData("+ NOOP")]
    [InlineData("a  NOOP")]
    [InlineData("a NOOP x")]
    [InlineData("a UID")]
    [InlineData("a UID NOOP")]
    [InlineData("a FETCH  1 FLAGS")]
    [InlineData("a FETCH 1, FLAGS")]
    [InlineData("a FETCH 1:2:3 FLAGS")]
    [InlineData("a FETCH 4294967296 FLAGS")]
    [InlineData("a FETCH 1 (FLAGS")]
    [InlineData("a FETCH 1 FLAGS)")]
    [InlineData("a FETCH 1 BODY[HEADER.FIELDS]")]
    [InlineData("a FETCH 1 BODY[1..2]")]
    [InlineData("a FETCH 1 BODY[]<1>")]
    [InlineData("a STORE 1 FLAGS (a b")]
    [InlineData("a SELECT \"")]
    [InlineData("a SELECT \"a\\")]
    [InlineData("a SELECT \"a\\b\"")]
    [InlineData("a SELECT \"a\rb\"")]
    [InlineData("a SELECT \"a\0b\"")]
    [InlineData("a SELECT {1}\r\n\0")]
    [InlineData("a SELECT {1}x\r\n")]
    [InlineData("a SELECT {-1}\r\n")]
    [InlineData("a SELECT {99999999999999999999}\r\n")]
    [InlineData("a SEARCH ON 31-Feb-2020")]
    [InlineData("a SEARCH LARGER 9223372036854775808")]
    [InlineData("a COPY 1")]
    [InlineData("a LIST \"\"")]
    [InlineData("a LIST (SUBSCRIBED \"\" x")]
    public void Bad_commands(string text)
    {
        var line = Parse(text);
        line.Command.Should().BeNull();
        line.Error.Should().NotBeNull();
    }

    [Theory]
    [InlineData("a LOGIN {3}\r\n")]
    [InlineData("a LOGIN {3}\r\nabc {2+}\r\n")]
    public void A_literal_is_asked_for_only_where_it_fits(string text)
    {
        Parse(text, SessionStates.NotAuthenticated).WantsLiteral.Should().BeTrue();
        Parse("x" + text, SessionStates.Selected).WantsLiteral.Should().BeFalse();
    }

    [Property(MaxTest = 1000)]
    public void Nothing_that_a_client_sends_throws(byte[] octets, int verb)
    {
        var start = Encoding.ASCII.GetBytes($"a {CommandTable.All[Math.Abs(verb % CommandTable.All.Count)].Verb} ");
        CommandLine.Parse(octets, SessionStates.Selected);
        CommandLine.Parse([.. start, .. octets], SessionStates.Selected);
        CommandLine.Parse([.. start, .. octets], SessionStates.NotAuthenticated);
    }

    [Theory]
    [InlineData("foo/bar", "foo/bar", true)]
    [InlineData("*", "foo/bar", true)]
    [InlineData("%", "foo/bar", false)]
    [InlineData("%/%", "foo/bar", true)]
    [InlineData("f%r", "foo/bar", false)]
    [InlineData("f*r", "foo/bar", true)]
    [InlineData("*%", "foo/bar", true)]
    [InlineData("%*", "foo/bar", true)]
    [InlineData("%%%/bar", "foo/bar", true)]
    [InlineData("foo/bar%", "foo/bar", true)]
    [InlineData("foo/bar/%", "foo/bar", false)]
    [InlineData("FOO/bar", "foo/bar", false)]
    [InlineData("inbox", "INBOX", true)]
    [InlineData("inbox/x", "INBOX/x", true)]
    [InlineData("inbox/X", "INBOX/x", false)]
    [InlineData("", "INBOX", false)]
    [InlineData("&ZeVnLIqe-%", "日本語です", true)]
    public void Wildcards(string pattern, string name, bool matches)
        => ListPattern.TryCreate(Encoding.ASCII.GetBytes(pattern), utf8: false)!.Matches(MailboxName.Parse(name)).Should().Be(matches);

    [Fact]
    public void A_pattern_made_to_take_for_ever_does_not()
    {
        var pattern = ListPattern.TryCreate(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("%a*", 300))), utf8: false)!;
        pattern.Matches(MailboxName.Parse(new string('a', 250) + "b")).Should().BeFalse();
    }

    [Fact]
    public void Patterns_of_any_length_match_as_the_definition_says()
    {
        var random = new Random(1);
        for (var run = 0; run < 3000; run++)
        {
            // Few letters, so that much matches; long ones, since a pattern is looked at in pieces of 64 places.
            var pattern = string.Concat(Enumerable.Range(0, random.Next(1, run % 3 == 0 ? 200 : 12)).Select(_ => "aab/%*"[random.Next(6)]));
            var name = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, run % 3 == 0 ? 60 : 4)).Select(_ => "aab"[random.Next(3)]))));
            ListPattern.TryCreate(Encoding.ASCII.GetBytes(pattern), utf8: false)!.Matches(MailboxName.Parse(name)).Should().Be(IsMatch(pattern, name), $"{pattern} {name}");
        }

        static bool IsMatch(string pattern, string name)
        {
            // Row by row: which heads of the name the head of the pattern matches.
            var heads = new bool[name.Length + 1];
            heads[0] = true;
            foreach (var c in pattern)
            {
                var next = new bool[name.Length + 1];
                for (var i = 0; i <= name.Length; i++)
                {
                    if (c is '*' or '%') next[i] = heads[i] || i > 0 && next[i - 1] && (c == '*' || name[i - 1] != '/');
                    else next[i] = i > 0 && heads[i - 1] && name[i - 1] == c;
                }
                heads = next;
            }
            return heads[^1];
        }
    }

    [Theory]
    [InlineData("a {3}", 3, false)]
    [InlineData("a {3+}", 3, true)]
    [InlineData("{0}", 0, false)]
    [InlineData("a {99999999999999999999}", long.MaxValue, false)]
    public void Literals_at_the_end_of_a_line(string line, long length, bool nonSynchronizing)
        => CommandReader.LiteralAtEnd(Encoding.ASCII.GetBytes(line)).Should().Be((length, nonSynchronizing));

    [Theory]
    [InlineData("a")]
    [InlineData("}")]
    [InlineData("{}")]
    [InlineData("{+}")]
    [InlineData("{-1}")]
    [InlineData("{3} ")]
    public void No_literals_at_the_end_of_a_line(string line) => CommandReader.LiteralAtEnd(Encoding.ASCII.GetBytes(line)).Should().BeNull();

    [Fact]
    public void Header_fields_are_picked_with_their_folded_lines()
    {
        var header = "A: 1\r\nB: 2\r\n  more\r\nb : 3\r\nC: 4\r\nno colon\r\n\r\n"u8;
        var kept = new byte[header.Length + 2];
        Encoding.ASCII.GetString(kept, 0, HeaderFieldFilter.Filter(header, ["b"], keepNamed: true, kept)).Should().Be("B: 2\r\n  more\r\nb : 3\r\n\r\n");
        Encoding.ASCII.GetString(kept, 0, HeaderFieldFilter.Filter(header, ["B"], keepNamed: false, kept)).Should().Be("A: 1\r\nC: 4\r\nno colon\r\n\r\n");
        Encoding.ASCII.GetString(kept, 0, HeaderFieldFilter.Filter("A: 1"u8, ["A"], keepNamed: true, kept)).Should().Be("A: 1\r\n");
    }

    [Fact]
    public void Names_in_UTF8_are_taken_as_they_are()
    {
        var scanner = new CommandScanner(Encoding.UTF8.GetBytes("\"Entw\u00fcrfe &- \u65e5\u672c\" \"e\u0301\" inbox"), utf8: true);
        var name = scanner.Mailbox();
        name.Name!.Value.Value.Should().Be("Entw\u00fcrfe &- \u65e5\u672c", "'&' shifts nothing here");
        name.Denormalized.Should().BeNull();
        scanner.Space();
        var decomposed = scanner.Mailbox();
        decomposed.Name!.Value.Value.Should().Be("\u00e9");
        decomposed.Denormalized.Should().Be("e\u0301");
        scanner.Space();
        var inbox = scanner.Mailbox();
        inbox.Name.Should().Be(MailboxName.Inbox);
        inbox.Denormalized.Should().BeNull();
        new MailboxArgument([0x66, 0xC3, 0x28], utf8: true).Name.Should().BeNull("that is no UTF-8");
    }
}
