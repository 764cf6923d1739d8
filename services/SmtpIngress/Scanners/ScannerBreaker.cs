using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>How a scanner is used. The numbers are those of the metric: never change them.</summary>
internal enum ScannerState
{
    /// <summary>Every message is shown to it.</summary>
    InUse = 0,

    /// <summary>One message is with it, and says whether it is back.</summary>
    Tried = 1,

    /// <summary>No message is shown to it.</summary>
    Rests = 2,
}

/// <summary>
/// Lets a scanner rest that failed so many times in a row that the next message would only wait in vain, and tries it again with one message at a time. What counts is one failure after the other, not a share
/// of them within some time: a scanner that hangs has long answered what came before, and none of that is a reason to wait for it. Each process finds out for itself.
/// </summary>
internal sealed class ScannerBreaker(ScannerOptions options, TimeProvider time, ILogger logger)
{
    private readonly Lock _turn = new();
    private int _failures;
    private DateTimeOffset _until;
    private bool _rests;
    private int _trials;

    public string Scanner => options.Name;

    public ScannerState State
    {
        get { lock (_turn) return !_rests ? ScannerState.InUse : _trials > 0 ? ScannerState.Tried : ScannerState.Rests; }
    }

    /// <summary>Null while it rests. Otherwise it may be asked; what came of it is said to the attempt.</summary>
    public Attempt? Begin()
    {
        lock (_turn)
        {
            if (!_rests) return new Attempt(this, isTrial: false);
            var now = time.GetUtcNow();
            if (now < _until) return null;
            // The next trial does not wait for this one: it may be with a client that takes its time, or means ill.
            _until = now + options.BreakFor;
            _trials++;
            return new Attempt(this, isTrial: true);
        }
    }

    private void End(bool isTrial, bool? answered)
    {
        lock (_turn)
        {
            if (isTrial) _trials--;
            // What began before the rest and ends in it says nothing new.
            else if (_rests) return;
            switch (answered)
            {
                case true:
                    _failures = 0;
                    if (_rests) logger.ScannerBack(options.Name, options.Address);
                    _rests = false;
                    break;
                case false when (isTrial && _rests) || (++_failures >= options.BreakAfter && options.BreakAfter > 0):
                    if (!_rests) logger.ScannerRests(options.Name, options.Address, _failures, options.WhenAway, options.BreakFor);
                    _rests = true;
                    _until = time.GetUtcNow() + options.BreakFor;
                    break;
                case null when isTrial:
                    _until = time.GetUtcNow();
                    break;
            }
        }
    }

    /// <summary>One message with the scanner. Disposed without a word on what came of it, it counts as if it had not been: the client went away, or others took all the time.</summary>
    public sealed class Attempt(ScannerBreaker breaker, bool isTrial) : IDisposable
    {
        private bool _ended;

        public void Answered() => End(answered: true);

        public void Failed() => End(answered: false);

        public void Dispose() => End(answered: null);

        private void End(bool? answered)
        {
            if (_ended) return;
            _ended = true;
            breaker.End(isTrial, answered);
        }
    }
}
