using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Mail.Policy;
using Merpati.Platform.Classifier;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Scanners.Milters;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>The scanners of this server: where the scan of a message begins.</summary>
internal sealed class ContentScanners : IDisposable
{
    private readonly List<IContentScanner> _scanners;
    private readonly List<ScannerOptions> _filters;
    private readonly Dictionary<ScannerOptions, ScannerBreaker> _breakers;
    private readonly MessageChecks _checks;

    public ContentScanners(MessageChecks checks, IContentStore contents, IDirectory directory, SharedClassifier classifier, IngressMetrics metrics, IOptions<SmtpIngressOptions> options, TimeProvider time, ILogger<ContentScanners> logger)
    {
        (_checks, Contents, Metrics, Options, Time, Logger) = (checks, contents, metrics, options.Value, time, logger);
        _scanners = [.. Options.Scanners.Where(scanner => scanner.Kind != ScannerKind.Milter).Select(Create)];
        if (Options.Content.Classifier) _scanners.Insert(0, new ClassifierScanner(classifier, Options.Content.Submission));
        if (Options.Content.Enabled) _scanners.Insert(0, new ContentScanner(Options.Content, directory));
        _filters = [.. Options.Scanners.Where(scanner => scanner.Kind == ScannerKind.Milter)];
        _breakers = _scanners.Select(scanner => scanner.Options).Concat(_filters).ToDictionary(scanner => scanner, scanner => new ScannerBreaker(scanner, time, logger));
        metrics.Watch([.. Options.Scanners.Select(BreakerOf)]);
    }

    public IContentStore Contents { get; }

    public IngressMetrics Metrics { get; }

    public SmtpIngressOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public ScannerBreaker BreakerOf(ScannerOptions scanner) => _breakers[scanner];

    /// <summary>The client said MAIL. Null when no scanner is to see its message.</summary>
    public MessageScan? Begin(SmtpRole role, SmtpPeer peer, MailFrom mail)
    {
        if (role == SmtpRole.Mx && _checks.IsExempt(AddressScope.Unmapped(peer.RemoteEndPoint.Address))) return null;
        var scanners = _scanners.Where(scanner => scanner.Options.LooksAt(role)).ToList();
        var filters = _filters.Where(filter => filter.LooksAt(role)).Select(filter => new MilterFilter(filter, this, role, peer)).ToList();
        return scanners.Count == 0 && filters.Count == 0 ? null : new MessageScan(this, scanners, new MilterChain(filters, this, mail));
    }

    public void Dispose()
    {
        foreach (var scanner in _scanners) (scanner as IDisposable)?.Dispose();
    }

    private static IContentScanner Create(ScannerOptions options) => options.Kind switch
    {
        ScannerKind.Rspamd => new RspamdScanner(options),
        ScannerKind.Clamd => new ClamdScanner(options),
        ScannerKind.Http => new HttpScanner(options),
        _ => throw new UnreachableException(),
    };
}

/// <summary>
/// The scan of one message. Filters (milters) hear of the transaction as it goes on, and may refuse it or a recipient; when the message is whole they see it one after the other, each as the one before
/// left it, and side by side with them all other scanners see the accepted octets. Time limits are each scanner's own and one for all.
/// </summary>
internal sealed class MessageScan(ContentScanners all, IReadOnlyList<IContentScanner> scanners, MilterChain filters) : IAsyncDisposable
{
    /// <summary>Null goes on; a reply refuses the sender.</summary>
    public ValueTask<SmtpReply?> MailAsync(CancellationToken cancellationToken) => filters.MailAsync(cancellationToken);

    /// <summary>Null goes on; a reply refuses the recipient.</summary>
    public ValueTask<SmtpReply?> RcptAsync(EnvelopeRecipient recipient, CancellationToken cancellationToken) => filters.RcptAsync(recipient, cancellationToken);

    public async ValueTask<ScanResult> RunAsync(ScannedMessage message, ContentInfo content, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(all.Options.ScanBudget, all.Time);
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var received = await ReadHeaderAsync(message, content, cancellationToken).ConfigureAwait(false);
        var asked = scanners.Select(scanner => AskAsync(scanner, message, budget.Token, cancellationToken)).ToList();
        var (filtered, edit) = await filters.RunAsync(message, received, budget.Token, cancellationToken).ConfigureAwait(false);
        var answers = await Task.WhenAll(asked).ConfigureAwait(false);
        foreach (var answer in answers) Apply(answer, edit);
        return new ScanResult([.. filtered, .. answers], edit);
    }

    public ValueTask DisposeAsync() => filters.DisposeAsync();

    private async Task<ScanAnswer> AskAsync(IContentScanner scanner, ScannedMessage message, CancellationToken budget, CancellationToken cancellationToken)
    {
        using var run = new ScanRun(all, scanner.Options, message.Id);
        if (run.IsTooBig(message.Size)) return run.TooBig();
        using var attempt = all.BreakerOf(scanner.Options).Begin();
        if (attempt is null) return run.Resting();
        using var timer = new CancellationTokenSource(scanner.Options.Timeout, all.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, budget);
        try
        {
            var answer = await scanner.ScanAsync(message, limit.Token).ConfigureAwait(false);
            attempt.Answered();
            return run.End(answer);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            attempt.Failed();
            return run.Away(fault);
        }
    }

    private async ValueTask<MessageEdit> ReadHeaderAsync(ScannedMessage message, ContentInfo content, CancellationToken cancellationToken)
    {
        var header = new HeaderCollector(all.Options.MaxHeaderSize);
        var offset = 0L;
        var buffer = new byte[16 * 1024];
        var stream = await message.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (!header.IsComplete && !header.IsTooBig && await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0) offset += header.Write(buffer.AsSpan(0, read));
        }
        // What is no header at all is body to everyone.
        return header.IsTooBig
            ? new MessageEdit([], new StoredBody(content, 0), message.Envelope, all.Options.MaxHeaderSize)
            : new MessageEdit(RawHeader.Pieces(header.Octets), new StoredBody(content, offset), message.Envelope, all.Options.MaxHeaderSize);
    }

    private void Apply(ScanAnswer answer, MessageEdit edit)
    {
        try
        {
            foreach (var (name, which) in answer.RemovedHeaders)
            {
                if (which == 0) edit.RemoveAll(System.Text.Encoding.UTF8.GetBytes(name));
                else edit.Remove(which, System.Text.Encoding.UTF8.GetBytes(name));
            }
            foreach (var (name, value) in answer.AddedHeaders.Reverse()) edit.Insert(0, System.Text.Encoding.UTF8.GetBytes(name), System.Text.Encoding.UTF8.GetBytes(" " + value));
        }
        // A wish that cannot be met costs the wish, not the message.
        catch (InvalidDataException fault) { all.Logger.ScannerNonsense(answer.Scanner, fault.Message); }
    }
}

/// <summary>One scanner at one message: its span, its metrics, its log.</summary>
internal sealed class ScanRun(ContentScanners all, ScannerOptions options, Queueing.QueueId id) : IDisposable
{
    private readonly Activity? _activity = IngressMetrics.Activities.StartActivity("scan " + options.Name);
    private readonly long _startedAt = all.Time.GetTimestamp();

    public bool IsTooBig(long size) => options.MaxSize > 0 && size > options.MaxSize;

    public ScanAnswer TooBig() => End(new ScanAnswer(options.Name, ScanAnswer.TooBig) { Asks = ScannerOptions.AsAction(options.WhenTooBig), Reply = "Message is too big to be looked at" });

    public ScanAnswer Away(Exception fault)
    {
        var detail = fault is OperationCanceledException ? "no answer in time" : fault.Message;
        all.Logger.ScannerAway(id, options.Name, options.Address, detail, options.WhenAway);
        _activity?.SetStatus(ActivityStatusCode.Error, detail);
        return End(Missing());
    }

    /// <summary>Nobody asked it.</summary>
    public ScanAnswer Resting()
    {
        all.Logger.ScannerNotAsked(id, options.Name, options.WhenAway);
        return End(Missing() with { IsResting = true });
    }

    public ScanAnswer End(ScanAnswer answer)
    {
        _activity?.SetTag("merpati.scan.result", answer.Result);
        all.Metrics.CountScan(answer, all.Time.GetElapsedTime(_startedAt));
        if (answer.Asks is { } asks && answer.Result != ScanAnswer.Away) all.Logger.ScannerAsks(id, answer.Scanner, asks.Name(), answer.Result, string.Join(", ", answer.Viruses));
        return answer;
    }

    public void Dispose() => _activity?.Dispose();

    private ScanAnswer Missing() => new(options.Name, ScanAnswer.Away) { Asks = ScannerOptions.AsAction(options.WhenAway), Reply = "4.3.0 Message cannot be looked at now, try again later" };
}
