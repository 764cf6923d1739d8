using System.Diagnostics.Metrics;
using Merpati.Platform.Caching;
using Microsoft.Extensions.Logging;

namespace Merpati.Rpc.Accounts;

/// <summary>
/// Remembered answers of one kind. Fresh ones are given at once. Others are asked for again; where that fails for now, one that says yes may still be given
/// for a while, and one that says no never: a user that was added while the directory was away must not be refused for good.
/// </summary>
/// <param name="saysYes">Whether an answer may be given when it is old.</param>
internal sealed class DirectoryAnswers<TKey, TValue>(DirectoryAnswersClock clock, DirectoryCacheOptions options, Func<TValue, bool> saysYes)
    where TKey : notnull
{
    private readonly BoundedCache<TKey, Answer> _answers = new(options.Capacity);

    public ValueTask<TValue> GetAsync(TKey key, Func<TKey, CancellationToken, ValueTask<TValue>> ask, CancellationToken cancellationToken)
    {
        if (_answers.TryGet(key, out var answer) && clock.IsFresh(answer.Generation, answer.At, saysYes(answer.Value) ? options.Lifetime : options.NegativeLifetime))
        {
            clock.Count("hit");
            return ValueTask.FromResult(answer.Value);
        }
        return AskAsync(key, ask, answer, cancellationToken);
    }

    private async ValueTask<TValue> AskAsync(TKey key, Func<TKey, CancellationToken, ValueTask<TValue>> ask, Answer? known, CancellationToken cancellationToken)
    {
        var usable = known is not null && saysYes(known.Value) && clock.Age(known.At) < options.StaleLifetime;
        if (usable && clock.IsAway)
        {
            clock.Count("stale");
            return known!.Value;
        }
        // The generation of before the question: what a change overtakes is never taken for new.
        var (generation, at) = clock.Now;
        try
        {
            var value = usable ? await AskPatientlyAsync(key, ask, cancellationToken) : await ask(key, cancellationToken);
            _answers.Put(key, new Answer(value, generation, at));
            clock.Answered();
            clock.Count("miss");
            return value;
        }
#pragma warning disable CA1031 // Whatever went wrong with the peer: what was true lately is the best that is known.
        catch (Exception e) when (usable && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            clock.Failed(e);
            clock.Count("stale");
            return known!.Value;
        }
    }

    /// <summary>There is an old answer: nobody should wait long for a peer that is not there.</summary>
    private async ValueTask<TValue> AskPatientlyAsync(TKey key, Func<TKey, CancellationToken, ValueTask<TValue>> ask, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(options.Patience, clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        return await ask(key, either.Token);
    }

    private sealed record Answer(TValue Value, long Generation, long At);
}

/// <summary>What the answers of all kinds share: since when they may be wrong, and whether the directory is there.</summary>
internal sealed class DirectoryAnswersClock(TimeProvider time, IMeterFactory meters, ILogger logger)
{
    /// <summary>After a failure the directory is left alone for so long by those who have another answer.</summary>
    private static readonly TimeSpan LeftAlone = TimeSpan.FromSeconds(1);

    private readonly Counter<long> _answers = meters.Create("Merpati.Rpc").CreateCounter<long>("merpati.directory.cache.answers", "{answer}", "Questions to the directory, by where the answer came from: hit, miss (asked), stale (old, as the directory is away)");
    private long _generation;
    private long _failedAt;
    private int _away;

    public TimeProvider Time => time;

    public (long Generation, long At) Now => (Interlocked.Read(ref _generation), time.GetTimestamp());

    public bool IsAway => Volatile.Read(ref _away) != 0 && time.GetElapsedTime(Interlocked.Read(ref _failedAt)) < LeftAlone;

    public TimeSpan Age(long at) => time.GetElapsedTime(at);

    public bool IsFresh(long generation, long at, TimeSpan lifetime) => generation == Interlocked.Read(ref _generation) && Age(at) < lifetime;

    /// <summary>The directory changed: no answer from before is fresh.</summary>
    public void Invalidate() => Interlocked.Increment(ref _generation);

    public void Failed(Exception reason)
    {
        Interlocked.Exchange(ref _failedAt, time.GetTimestamp());
        if (Interlocked.Exchange(ref _away, 1) == 0) DirectoryCacheLog.Away(logger, reason.Message);
    }

    public void Answered()
    {
        if (Volatile.Read(ref _away) != 0 && Interlocked.Exchange(ref _away, 0) != 0) DirectoryCacheLog.Back(logger);
    }

    public void Count(string from) => _answers.Add(1, new KeyValuePair<string, object?>("from", from));
}

/// <summary>Log events 450 to 499.</summary>
internal static partial class DirectoryCacheLog
{
    [LoggerMessage(450, LogLevel.Warning, "The directory is away: {Reason}. What was asked lately is still answered; new questions fail for now")]
    public static partial void Away(ILogger logger, string reason);

    [LoggerMessage(451, LogLevel.Information, "The directory is there again")]
    public static partial void Back(ILogger logger);
}
