// RFC 3339 text of a time, written in UTC and read with any zone.

import Bytes

extension Timestamp {
  /// `YYYY-MM-DDThh:mm:ss[.fraction]Z`, UTC, with the fraction's trailing zeros left out (RFC 3339 section 5.6).
  public var text: String {
    String(decoding: utf8(fractionDigits: nil), as: UTF8.self)
  }

  /// The same with exactly `digits` (0 to 9) digits of fraction, cut, never rounded.
  public func text(fractionDigits digits: Int) -> String {
    String(decoding: utf8(fractionDigits: digits), as: UTF8.self)
  }

  /// The text's bytes; `fractionDigits` nil leaves trailing zeros out.
  public func utf8(fractionDigits: Int?) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(32)
    append(to: &out, fractionDigits: fractionDigits)
    return out
  }

  /// Appends the text to `out`.
  public func append(to out: inout [UInt8], fractionDigits: Int? = nil) {
    var seconds = nanoseconds / 1_000_000_000
    var fraction = nanoseconds % 1_000_000_000
    if fraction < 0 {
      fraction += 1_000_000_000
      seconds -= 1
    }
    var days = seconds / 86_400
    var clock = seconds % 86_400
    if clock < 0 {
      clock += 86_400
      days -= 1
    }
    let date = CivilDate(daysSinceEpoch: days)
    var digits = 9
    if let fractionDigits {
      digits = max(0, min(9, fractionDigits))
      for _ in digits..<9 { fraction /= 10 }
    } else {
      while digits > 0 && fraction % 10 == 0 {
        fraction /= 10
        digits -= 1
      }
    }
    let (tail, width) = (UInt64(fraction.magnitude), digits)
    let time = UInt64(clock.magnitude)
    out.append(addingCapacity: Timestamp.longestText) { (text: inout OutputSpan<UInt8>) in
      text.append(decimal: UInt64(max(0, date.year)), width: 4)
      text.append(0x2d)
      text.append(decimal: UInt64(date.month), width: 2)
      text.append(0x2d)
      text.append(decimal: UInt64(date.day), width: 2)
      text.append(0x54)
      text.append(decimal: time / 3600, width: 2)
      text.append(0x3a)
      text.append(decimal: time / 60 % 60, width: 2)
      text.append(0x3a)
      text.append(decimal: time % 60, width: 2)
      if width > 0 {
        text.append(0x2e)
        text.append(decimal: tail, width: width)
      }
      text.append(0x5a)
    }
  }

  /// Bytes that hold any text of a time: 30, and room for the digits' writer.
  private static let longestText = 64

  /// Reads an RFC 3339 date-time with a zone and up to nine digits of fraction; nil for anything else, for a leap second,
  /// and for a time outside 1678 to 2261 (the range of 64-bit nanoseconds).
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    var at = 0
    func number(_ digits: Int) -> Int? {
      guard at + digits <= bytes.count else { return nil }
      var value = 0
      for _ in 0..<digits {
        guard bytes[at] >= 0x30, bytes[at] <= 0x39 else { return nil }
        value = value * 10 + Int(bytes[at] - 0x30)
        at += 1
      }
      return value
    }
    func sign(_ allowed: [UInt8]) -> UInt8? {
      guard at < bytes.count, allowed.contains(bytes[at]) else { return nil }
      at += 1
      return bytes[at - 1]
    }
    guard let year = number(4), sign([0x2d]) != nil, let month = number(2), sign([0x2d]) != nil, let day = number(2),
      sign([0x54, 0x74]) != nil, let hour = number(2), sign([0x3a]) != nil, let minute = number(2), sign([0x3a]) != nil,
      let second = number(2), (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, year: year),
      hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction = 0
    if sign([0x2e]) != nil {
      var digits = 0
      while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 {
        guard digits < 9 else { return nil }
        fraction = fraction * 10 + Int(bytes[at] - 0x30)
        digits += 1
        at += 1
      }
      guard digits > 0 else { return nil }
      while digits < 9 {
        fraction *= 10
        digits += 1
      }
    }
    var zone = 0
    guard let mark = sign([0x5a, 0x7a, 0x2b, 0x2d]) else { return nil }
    if mark == 0x2b || mark == 0x2d {
      guard let hours = number(2), sign([0x3a]) != nil, let minutes = number(2), hours < 24, minutes < 60 else {
        return nil
      }
      zone = (hours * 60 + minutes) * 60 * (mark == 0x2b ? 1 : -1)
    }
    guard at == bytes.count else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second - zone)
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (total, overflow2) = scaled.addingReportingOverflow(Int64(fraction))
    guard !overflow, !overflow2 else { return nil }
    self.init(nanoseconds: total)
  }
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Equatable {
  let year: Int
  let month: Int
  let day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The calendar's 400-year cycle has 146,097 days; years are counted from 1 March so that the leap day comes last.
  init(daysSinceEpoch: Int64) {
    let shifted = daysSinceEpoch + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int64 {
    let shiftedYear = Int64(month <= 2 ? year - 1 : year)
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }
}
