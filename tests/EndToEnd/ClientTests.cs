using System.Text;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>What tests of real clients share: a folder for their files, and mail to begin with.</summary>
public abstract class ClientTests(MailServerFixture merpati) : IDisposable
{
    protected MailServerFixture Merpati => merpati;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("merpati-clients-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Write(string name, byte[] octets)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, octets);
        return path;
    }

    /// <summary>A file that only its owner reads, as programs want it that find a password in it.</summary>
    protected string Write(string name, string text)
    {
        var path = Write(name, Encoding.UTF8.GetBytes(text));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    protected async Task<CommandResult> Succeeds(string program, string[] arguments, string? standardInput = null)
    {
        var result = await Command.RunAsync(program, arguments, standardInput, new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = Folder });
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result}");
        return result;
    }

    /// <summary>Messages that a client has to keep as they are: plain, raw 8-bit octets, and a multipart.</summary>
    protected static byte[] Sample(string to, int number) => Encoding.Latin1.GetBytes((number % 3) switch
    {
        0 => $"From: a@far.test\r\nTo: {to}\r\nSubject: sample {number}\r\nMessage-ID: <sample-{number}@far.test>\r\nDate: Tue, 24 Nov 2026 12:00:{number % 60:00} +0000\r\n\r\nplain {number}\r\n.dot\r\n\r\n",
        1 => $"From: a@far.test\r\nTo: {to}\r\nSubject: sample {number}\r\nMessage-ID: <sample-{number}@far.test>\r\nDate: Tue, 24 Nov 2026 12:00:{number % 60:00} +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe {number}\r\n",
        _ => $"From: a@far.test\r\nTo: {to}\r\nSubject: sample {number}\r\nMessage-ID: <sample-{number}@far.test>\r\nDate: Tue, 24 Nov 2026 12:00:{number % 60:00} +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext {number}\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\n",
    });

    /// <summary>Puts samples into a mailbox with APPEND.</summary>
    /// <param name="flags">Of the message of each number.</param>
    protected async Task AppendSamplesAsync((string Address, string Password) account, int from, int count, Func<int, string>? flags = null, string mailbox = "INBOX")
    {
        await using var imap = await merpati.ImapAsync(account);
        for (var i = from; i < from + count; i++)
        {
            await AppendAsync(imap, $"{mailbox} ({flags?.Invoke(i)})", Sample(account.Address, i));
        }
    }

    protected static string Domain((string Address, string Password) account) => account.Address[(account.Address.IndexOf('@', StringComparison.Ordinal) + 1)..];

    /// <param name="arguments">Mailbox, flags and date.</param>
    protected static async Task AppendAsync(MailWire imap, string arguments, byte[] message)
    {
        await imap.SendAsync($"a APPEND {arguments} {{{message.Length}+}}");
        await imap.SendAsync(message);
        await imap.SendAsync("");
        while (await imap.ImapLineAsync() is { } line)
        {
            if (!line.StartsWith("a ", StringComparison.Ordinal)) continue;
            Assert.StartsWith("a OK [APPENDUID", line);
            return;
        }
    }

    /// <summary>How mbsync reaches an account, as its store <c>far</c>.</summary>
    protected string MbsyncFar((string Address, string Password) account) => $"""
        IMAPAccount a
        Host localhost
        Port {merpati.Server.ImapsPort}
        User {account.Address}
        Pass "{account.Password}"
        SSLType IMAPS
        CertificateFile {merpati.Server.Certificate}
        Timeout 120

        IMAPStore far
        Account a

        """;

    /// <summary>Files of a Maildir: the text with CRLF, and the flags as Maildir has them, of each Message-ID.</summary>
    protected static IReadOnlyDictionary<string, (string Text, string Flags)> ReadMaildir(string path)
        => ((string[])["cur", "new"]).Select(part => Path.Combine(path, part)).Where(Directory.Exists).SelectMany(Directory.GetFiles)
            .Select(file => (Text: File.ReadAllText(file, Encoding.Latin1).ReplaceLineEndings("\r\n"), Flags: file.Contains(":2,", StringComparison.Ordinal) ? file[(file.IndexOf(":2,", StringComparison.Ordinal) + 3)..] : ""))
            .ToDictionary(mail => MessageId(mail.Text), StringComparer.Ordinal);

    protected static string MessageId(string message)
    {
        var start = message.IndexOf("Message-ID: <", StringComparison.OrdinalIgnoreCase) + 13;
        return message[start..message.IndexOf('>', start)];
    }

    /// <summary>The flags of Maildir's file names for those of IMAP that it knows.</summary>
    protected static string MaildirFlags(string flags)
        => string.Concat("DFRST".Where(letter => flags.Split(' ').Contains(letter switch { 'D' => "\\Draft", 'F' => "\\Flagged", 'R' => "\\Answered", 'S' => "\\Seen", _ => "\\Deleted" }, StringComparer.Ordinal)));

    /// <summary>mbsync marks what it writes with a header of its own, to find it again.</summary>
    protected static string WithoutTuid(string message)
    {
        var start = message.IndexOf("X-TUID: ", StringComparison.Ordinal);
        return start < 0 ? message : message.Remove(start, message.IndexOf("\r\n", start, StringComparison.Ordinal) + 2 - start);
    }
}
