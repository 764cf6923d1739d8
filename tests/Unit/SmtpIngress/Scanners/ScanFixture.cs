using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>A server with scanners, and one message for it.</summary>
internal static class ScanFixture
{
    public const string Ok = "250 2.0.0 .*";

    public static (string Key, string Value)[] Scanner(string kind, string address, int number = 0, params (string Key, string Value)[] more)
        => [.. more.Prepend(("Address", address)).Prepend(("Kind", kind)).Prepend(("Name", kind.ToLowerInvariant() + (number == 0 ? "" : $"{number}"))).Select(pair => ($"Scanners:{number}:{pair.Item1}", pair.Item2))];

    public static Task SendAsync(this IngressFixture fixture, string reply = Ok, string header = "Subject: hi\nFrom: joe@example.org", string body = "hello") => fixture.RunAsync(SmtpRole.Mx, $"""
        S~ 220 .*
        C: HELO client.example.org
        S: 250 mail.example.test
        C: MAIL FROM:<joe@example.org>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK
        {Data(header, body, reply)}
        """);

    public static string Data(string header, string body, string reply)
        => $"C: DATA\nS~ 354 .*\n{Lines(header)}C:\n{Lines(body)}C: .\nS~ {reply}\n";

    /// <summary>Lets the clock run until the message has its answer.</summary>
    public static async Task PassTimeAsync(this IngressFixture fixture, Task sending)
    {
        while (!sending.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(sending, Task.Delay(20));
        }
        await sending;
    }

    /// <summary>The message as a reader will see it.</summary>
    public static string Message(this IngressFixture fixture)
    {
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        return Encoding.UTF8.GetString(entry.TraceHeaders.Span) + Encoding.UTF8.GetString(fixture.Contents.Committed[entry.Content]);
    }

    public static DecisionCapsule Capsule(this IngressFixture fixture)
    {
        var subject = fixture.Journal.Subjects.Should().ContainSingle().Which;
        return DecisionCapsule.FromJson(subject.QueueId, subject.At, subject.Decision!);
    }

    private static string Lines(string text) => string.Concat(text.Split('\n').Select(line => $"C: {line}\n"));
}
